//! `ApplyResourceChange`.

use framework::provider::{Applied, Apply, Fault, Subject};

use super::host::{Host, answer, read, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::apply_resource_change::Request;

pub(super) async fn apply(host: &Host, request: Apply) -> Result<Applied, Fault> {
    let ty = host.ty(&Subject::Resource(request.type_name.clone()))?;
    let request = Request {
        type_name: request.type_name,
        prior_state: write("prior_state", &request.prior, ty)?,
        planned_state: write("planned_state", &request.planned, ty)?,
        config: write("config", &request.config, ty)?,
        planned_private: request.private,
        provider_meta: host.meta(),
    };
    let response = answer("ApplyResourceChange", host.client().apply_resource_change(request).await)?;
    Ok(Applied {
        state: read("new_state", response.new_state.as_ref(), ty)?,
        private: response.private,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
        legacy: response.legacy_type_system,
    })
}
