//! `GetProviderSchema`.

use std::collections::BTreeMap;
use std::sync::Arc;

use framework::{Diagnostics, Schema};

use super::session::Session;
use crate::convert::to_wire;
use crate::generated::tfplugin6::ServerCapabilities;
use crate::generated::tfplugin6::get_provider_schema::{Request, Response};

pub(super) async fn get(session: Arc<Session>, _: Request) -> Result<Response, Diagnostics> {
    let schemas = &session.catalogue().await?.schemas;
    let all = |schemas: &BTreeMap<String, Schema>| {
        schemas.iter().map(|(name, schema)| (name.clone(), to_wire::schema(schema))).collect()
    };
    Ok(Response {
        provider: Some(to_wire::schema(&schemas.provider)),
        resource_schemas: all(&schemas.resources),
        data_source_schemas: all(&schemas.data_sources),
        diagnostics: to_wire::diagnostics(&schemas.diagnostics),
        provider_meta: None,
        server_capabilities: Some(ServerCapabilities {
            plan_destroy: schemas.plans_destroy,
            // Without this, hosts ask every process they start for the schemas, known or not.
            get_provider_schema_optional: true,
            move_resource_state: session.provider().moves().is_some(),
        }),
    })
}
