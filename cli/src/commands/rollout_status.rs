//! `devops-flow rollout status`.

use clap::Args;

use super::rollout_watch;
use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::render;

/// Show what a service is now, what its rollout waits for, and how one goes on
///
/// JSON: a `Status`.
#[derive(Debug, Args)]
pub(crate) struct RolloutStatus {
    /// The name of the service
    service: String,
    /// Go on with the events from now on
    ///
    /// Goes on over restarts of the agent. JSON: a line per event, each a `Recorded`, and no `Status`.
    #[arg(short, long)]
    follow: bool,
}

impl RolloutStatus {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let status = context::status(&client, &self.service).await?;
        let human = |paint| render::status::render(&status, Context::now(), paint);
        if !self.follow {
            context.out.data(&status, human)?;
            return Ok(Exit::Done);
        }
        let mut lines = context.out.lines()?;
        if !context.out.is_json() {
            lines.write(&status, human)?;
        }
        rollout_watch::events(&mut lines, client, Some(self.service), status.last_event).await
    }
}
