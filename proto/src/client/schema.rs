//! `GetProviderSchema`.

use framework::provider::{Fault, Schemas};

use super::connection::Connection;
use super::host::answer;
use crate::convert::from_wire;
use crate::generated::tfplugin6::get_provider_schema::Request;
use crate::generated::tfplugin6::provider_client::ProviderClient;

/// What a plugin offers.
pub(super) struct Offered {
    pub(super) schemas: Schemas,
    /// Whether it takes over objects of other types.
    pub(super) moves: bool,
    /// Whether it wants metadata of modules.
    pub(super) wants_meta: bool,
}

pub(super) async fn get(client: &mut ProviderClient<Connection>) -> Result<Offered, Fault> {
    let response = answer("GetProviderSchema", client.get_provider_schema(Request {}).await)?;
    let schemas =
        from_wire::schemas(&response).map_err(|error| Fault::Transport { sent: true, reason: error.to_string() })?;
    Ok(Offered {
        schemas,
        moves: response.server_capabilities.is_some_and(|capabilities| capabilities.move_resource_state),
        wants_meta: response.provider_meta.is_some(),
    })
}
