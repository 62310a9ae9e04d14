//! `devops-flow agent run`.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// Run the agent in the foreground
///
/// The agent takes the place of this process and writes its log to stderr, until it is interrupted or told to end; its replicas run on
/// then. JSON: nothing, as there is no data.
#[derive(Debug, Args)]
pub(crate) struct AgentRun {
    /// Take the place of an agent that runs; it hands over what it serves, and no request is lost
    #[arg(long)]
    take_over: bool,
}

impl AgentRun {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let program = agent_client::program()?;
        let mut command = Command::new(&program);
        command
            .arg("run")
            .args(self.take_over.then_some("--take-over"))
            .env(agent_client::STATE_DIR, client.state_dir());
        // Only comes back when that fails.
        let reason = command.exec().to_string();
        Err(agent_client::Error::Launch { program, reason }.into())
    }
}
