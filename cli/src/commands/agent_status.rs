//! `devops-flow agent status`.

use std::path::PathBuf;

use clap::Args;
use rollout::wire::{Agent, Status, VERSION};
use serde::Serialize;

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::render;

/// Show whether the agent runs, and what it serves
///
/// Exits with 1 when no agent runs. JSON: an object with `running`, `state_dir`, `agent` (an `Agent`, or null) and `services` (an
/// array of `Status`; empty for an agent of another version of the interface).
#[derive(Debug, Args)]
pub(crate) struct AgentStatus {}

#[derive(Serialize)]
struct Report {
    running: bool,
    state_dir: PathBuf,
    agent: Option<Agent>,
    services: Vec<Status>,
}

impl AgentStatus {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let agent = match client.hello().await {
            Ok(agent) => Some(agent),
            Err(agent_client::Error::NotRunning { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let services = match &agent {
            Some(agent) if agent.interface == VERSION => client.list().await?,
            _ => Vec::new(),
        };
        let state_dir = client.state_dir().to_owned();
        let report = Report { running: agent.is_some(), state_dir, agent, services };
        context.out.data(&report, |paint| {
            let Report { state_dir, agent, services, .. } = &report;
            render::agent::render(agent.as_ref(), state_dir, services, Context::now(), paint)
        })?;
        Ok(if report.running { Exit::Done } else { Exit::Failed })
    }
}
