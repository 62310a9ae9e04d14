//! `devops-flow rollout rollback`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// Go back to the stable version, or after a promotion to the one before
///
/// The version that is left is blocked. JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutRollback {
    #[command(flatten)]
    target: Target,
}

impl RolloutRollback {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Rollback).await
    }
}
