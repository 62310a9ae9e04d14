//! `devops-flow rollout retry`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// Try the version again that was taken back last, from the first step
///
/// JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutRetry {
    #[command(flatten)]
    target: Target,
}

impl RolloutRetry {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Retry).await
    }
}
