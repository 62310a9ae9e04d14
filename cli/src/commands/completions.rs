//! `devops-flow completions`.

use clap::{Args, CommandFactory as _, ValueEnum};
use serde::Serialize;

use super::Cli;
use crate::context::Context;
use crate::error::{Error, Exit};

/// Write the script by which a shell completes this command
///
/// For bash: `source <(devops-flow completions bash)`. JSON: an object with `shell` and `script`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Serialize)]
struct Report {
    shell: Shell,
    script: String,
}

impl Completions {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Error> {
        use clap_complete::Shell as Known;
        let mut command = Cli::command();
        let mut script = Vec::new();
        let shell = match self.shell {
            Shell::Bash => Known::Bash,
            Shell::Zsh => Known::Zsh,
            Shell::Fish => Known::Fish,
        };
        clap_complete::generate(shell, &mut command, "devops-flow", &mut script);
        let report = Report { shell: self.shell, script: String::from_utf8_lossy(&script).into_owned() };
        context.out.data(&report, |_| report.script.clone())?;
        Ok(Exit::Done)
    }
}
