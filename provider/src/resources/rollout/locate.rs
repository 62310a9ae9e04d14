//! Finding the service of a create whose answer was lost.

use framework::resource::{Create, Done, LocateState};
use framework::{Context, Diagnostics};

use super::{Private, Resource, acknowledge, compiled, describe, foreseen, has_won, live, look};

impl LocateState for Resource {
    /// A service of this name is what the create made when all its users have the revision that was to be made. One that is
    /// still on its way there, or was left before it got ready, is absent: creating goes on with it.
    async fn locate(&self, _: &Context, request: Create<Self>) -> Result<Option<Done<Self>>, Diagnostics> {
        look::only_here()?;
        let compiled = compiled(&request.inputs)?;
        let client = self.client()?;
        // The agent may have ended with the one who asked it; it knows its services when it runs again.
        client.ensure().await.map_err(|error| describe(&error))?;
        let status = client.status(&request.inputs.name).await.map_err(|error| describe(&error))?;
        let Some(status) = status.filter(|status| has_won(status, &compiled.revision.id())) else { return Ok(None) };
        acknowledge(&client, &status).await;
        let private = Private { generation: status.generation };
        Ok(Some(Done { outputs: live::outputs(&status, foreseen(&compiled)), private }))
    }
}
