//! `devops-flow rollout promote`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// End the present step as if its time were over and its gates had passed
///
/// JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutPromote {
    #[command(flatten)]
    target: Target,
    /// Skip all steps and gates that are left
    #[arg(long)]
    full: bool,
}

impl RolloutPromote {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let action = if self.full { Action::PromoteFull } else { Action::Promote };
        steer(context, self.target, action).await
    }
}
