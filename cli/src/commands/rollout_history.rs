//! `devops-flow rollout history`.

use clap::Args;

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::render;

/// List the rollouts of a service that ended, newest first
///
/// JSON: an array of `Ended`.
#[derive(Debug, Args)]
pub(crate) struct RolloutHistory {
    /// The name of the service
    service: String,
}

impl RolloutHistory {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let history = context::known(&client, &self.service, client.history(&self.service).await).await?;
        if history.is_empty() {
            Output::say(&format!("no rollout of {} ended yet", self.service));
        }
        context.out.data(&history, |paint| render::history::render(&history, Context::now(), paint))?;
        Ok(Exit::Done)
    }
}
