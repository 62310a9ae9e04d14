//! `devops-flow rollout watch`.

use agent_client::Client;
use clap::Args;

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::follow::{PATIENCE, Progress, follow};
use crate::output::{Lines, Output};
use crate::render;

/// Show the events of rollouts, those that are kept and those to come
///
/// Goes on until it is interrupted, over restarts of the agent, which is waited for a minute. JSON: a line per event, each a
/// `Recorded`.
#[derive(Debug, Args)]
pub(crate) struct RolloutWatch {
    /// The name of the service; all services when left out
    service: Option<String>,
    /// Only what happened after the event with this number, to go on where another watch ended
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
}

impl RolloutWatch {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match &self.service {
            Some(service) => drop(context::status(&client, service).await?),
            None => drop(client.hello().await?),
        }
        let mut lines = context.out.lines()?;
        events(&mut lines, client, self.service, self.after).await
    }
}

/// Writes events until it is interrupted.
pub(super) async fn events(
    lines: &mut Lines,
    client: Client,
    service: Option<String>,
    after: u64,
) -> Result<Exit, Error> {
    let mut events = follow(client, service, after, PATIENCE);
    while let Some(progress) = events.recv().await {
        match progress? {
            Progress::Event(event) => lines.write(&event, |_| render::event::render(&event))?,
            Progress::Away => Output::say("the agent is away; waiting for it"),
        }
    }
    Ok(Exit::Done)
}
