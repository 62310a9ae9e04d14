//! `devops-flow rollout approve`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// Approve the step that waits for it
///
/// Its gates are asked then; one that fails takes the candidate back. JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutApprove {
    #[command(flatten)]
    target: Target,
}

impl RolloutApprove {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Approve).await
    }
}
