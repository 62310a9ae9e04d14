//! `devops-flow agent stop`.

use std::time::Duration;

use agent_client::Error as ClientError;
use clap::Args;
use rollout::Span;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::output::Output;

/// End the agent
///
/// The replicas run on, are out of reach of their users, and are adopted by the next agent. Says what it is about to end before it
/// asks; an agent that does not run is ended already. JSON: an object with `stopped`, whether one ran, and `pid`, its process or null.
#[derive(Debug, Args)]
pub(crate) struct AgentStop {
    /// Drain and stop the replicas of all services, too; they stay recorded and are started by the next agent
    #[arg(long)]
    replicas: bool,
}

#[derive(Serialize)]
struct Report {
    stopped: bool,
    pid: Option<u32>,
}

/// How long an agent that took the request may take to be gone.
const GONE: Span = Span::from_secs(30);

impl AgentStop {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let agent = match client.hello().await {
            Ok(agent) => agent,
            Err(ClientError::NotRunning { .. }) => {
                context.out.data(&Report { stopped: false, pid: None }, |_| "no agent runs\n".to_owned())?;
                return Ok(Exit::Done);
            }
            Err(error) => return Err(error.into()),
        };
        let replicas = if self.replicas { "with its replicas" } else { "its replicas run on" };
        Output::say(&format!("ending the agent with pid {}; {replicas}", agent.pid));
        match client.stop(self.replicas).await {
            // One that was faster to end than to answer is looked for below.
            Ok(()) | Err(ClientError::Lost { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let deadline = Instant::now() + Duration::from(GONE);
        loop {
            match client.hello().await {
                Err(ClientError::NotRunning { .. }) => break,
                // Another one took its place.
                Ok(next) if next.pid != agent.pid => break,
                Ok(_) | Err(ClientError::Lost { .. } | ClientError::Agent(_)) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(50)).await;
                }
                Ok(_) => return Err(Error::StillThere { pid: agent.pid, within: GONE }),
                Err(error) => return Err(error.into()),
            }
        }
        let report = Report { stopped: true, pid: Some(agent.pid) };
        context.out.data(&report, |_| format!("the agent with pid {} ended\n", agent.pid))?;
        Ok(Exit::Done)
    }
}
