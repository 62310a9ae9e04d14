//! `devops-flow rollout abort`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// Take the candidate back and block it
///
/// A blocked revision is not tried again until its `retry_token` changes or somebody says `retry`. JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutAbort {
    #[command(flatten)]
    target: Target,
}

impl RolloutAbort {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Abort).await
    }
}
