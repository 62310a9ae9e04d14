//! What the commands that steer have in common.

use clap::Args;
use rollout::machine::Action;

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::render;

/// What is steered.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The name of the service
    service: String,
    /// Only this rollout; refused when another one runs by now
    #[arg(long, value_name = "ID")]
    rollout: Option<String>,
}

/// Asks the agent to act, and shows what the service is then.
pub(super) async fn steer(context: &Context, target: Target, action: Action) -> Result<Exit, Error> {
    let client = context.client()?;
    let answer = client.steer(&target.service, action, target.rollout).await;
    let status = context::known(&client, &target.service, answer).await?;
    context.out.data(&status, |_| render::status::summary(&status))?;
    Ok(Exit::Done)
}
