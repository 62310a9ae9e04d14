//! `devops-flow rollout list`.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::render;

/// List the services and what they do
///
/// JSON: an array of `Status`. Without an agent it fails, for what runs is not known then.
#[derive(Debug, Args)]
pub(crate) struct RolloutList {}

impl RolloutList {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let list = context.client()?.list().await?;
        if list.is_empty() {
            Output::say("the agent has no service");
        }
        context.out.data(&list, |paint| render::list::render(&list, Context::now(), paint))?;
        Ok(Exit::Done)
    }
}
