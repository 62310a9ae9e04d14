//! `PlanResourceChange`.

use framework::provider::{Fault, Plan, Planned, Subject};

use super::host::{CAPABILITIES, Host, answer, read, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::plan_resource_change::Request;

pub(super) async fn plan(host: &Host, request: Plan) -> Result<Planned, Fault> {
    let ty = host.ty(&Subject::Resource(request.type_name.clone()))?;
    let request = Request {
        type_name: request.type_name,
        prior_state: write("prior_state", &request.prior, ty)?,
        proposed_new_state: write("proposed_new_state", &request.proposed, ty)?,
        config: write("config", &request.config, ty)?,
        prior_private: request.private,
        provider_meta: host.meta(),
        client_capabilities: Some(CAPABILITIES),
    };
    let response = answer("PlanResourceChange", host.client().plan_resource_change(request).await)?;
    Ok(Planned {
        state: read("planned_state", response.planned_state.as_ref(), ty)?,
        replace: from_wire::paths(&response.requires_replace),
        private: response.planned_private,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
        legacy: response.legacy_type_system,
    })
}
