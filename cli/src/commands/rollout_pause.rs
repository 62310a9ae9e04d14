//! `devops-flow rollout pause`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// Stop a rollout from advancing
///
/// Its gates go on: one that fails takes the candidate back, and so does the end of `pause_deadline`. JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutPause {
    #[command(flatten)]
    target: Target,
}

impl RolloutPause {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Pause).await
    }
}
