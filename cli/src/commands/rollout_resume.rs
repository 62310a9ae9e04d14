//! `devops-flow rollout resume`.

use clap::Args;
use rollout::machine::Action;

use super::steer::{Target, steer};
use crate::context::Context;
use crate::error::{Error, Exit};

/// End a pause that a person or an interrupt asked for
///
/// JSON: the `Status` after it.
#[derive(Debug, Args)]
pub(crate) struct RolloutResume {
    #[command(flatten)]
    target: Target,
}

impl RolloutResume {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        steer(context, self.target, Action::Resume).await
    }
}
