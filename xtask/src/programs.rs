//! The built programs: the provider, the agent and the command.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// The package of the provider, and the name of its program.
pub(crate) const PROVIDER: &str = "terraform-provider-devopsflow";
/// The same of the agent.
pub(crate) const AGENT: &str = "devops-flow-agent";
/// The same of the command.
pub(crate) const COMMAND: &str = "devops-flow";

/// Where cargo put the programs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) provider: PathBuf,
    pub(crate) agent: PathBuf,
    pub(crate) command: PathBuf,
}

/// Builds them with cargo's `options`, wherever cargo puts them.
pub(crate) fn build(options: &[&str]) -> Result<Programs> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--bins", "--message-format", "json-render-diagnostics"]).args(options);
    cargo.args([PROVIDER, AGENT, COMMAND].iter().flat_map(|package| ["--package", package]));
    cargo.current_dir(workspace::root());
    let messages = process::read(&mut cargo)?;
    let find = |name| executable(&messages, name).with_context(|| format!("cargo built no program {name}"));
    Ok(Programs { provider: find(PROVIDER)?, agent: find(AGENT)?, command: find(COMMAND)? })
}

/// The program of this name that cargo's JSON messages speak of.
pub(crate) fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs = parsed.filter(|message| message["target"]["name"] == name);
    programs.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_what_cargo_says() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"provider"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"devops-flow"},"executable":"/t/release/c"}
{"reason":"compiler-artifact","target":{"name":"terraform-provider-devopsflow"},"executable":"/t/release/p"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, PROVIDER), Some(PathBuf::from("/t/release/p")));
        assert_eq!(executable(messages, COMMAND), Some(PathBuf::from("/t/release/c")));
        assert_eq!(executable(messages, AGENT), None);
        assert_eq!(executable("{}\nnot json", PROVIDER), None);
    }
}
