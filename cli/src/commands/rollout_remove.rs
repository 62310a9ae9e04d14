//! `devops-flow rollout remove`.

use clap::Args;
use serde::Serialize;

use crate::context::{self, Context};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::render;

/// End a service and forget it
///
/// Its port closes, its requests in flight end, its replicas are stopped, and the agent forgets it: for one that no terraform manages any
/// more. Without `--yes` it only shows what would end, and exits with 2. JSON: an object with `removed`, whether it was ended, and
/// `status`, the `Status` before.
#[derive(Debug, Args)]
pub(crate) struct RolloutRemove {
    /// The name of the service
    service: String,
    /// Do it
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Report {
    removed: bool,
    status: rollout::wire::Status,
}

impl RolloutRemove {
    pub(crate) async fn run(self, context: &mut Context) -> Result<Exit, Error> {
        let client = context.client()?;
        let status = context::status(&client, &self.service).await?;
        let text = render::status::summary(&status);
        if !self.yes {
            Output::say(&format!("{} would end for its users; `--yes` does it", self.service));
            context.out.data(&Report { removed: false, status }, |_| text)?;
            return Ok(Exit::Differs);
        }
        client.remove(&self.service).await?;
        context.out.data(&Report { removed: true, status }, |_| format!("{} ended\n", self.service))?;
        Ok(Exit::Done)
    }
}
