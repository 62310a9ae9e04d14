//! `ApplyResourceChange`.

use std::sync::Arc;

use framework::Diagnostics;
use framework::provider::{Apply, Subject};

use super::session::{Session, answer, read, write};
use crate::convert::to_wire;
use crate::generated::tfplugin6::apply_resource_change::{Request, Response};

/// The state that was reached is answered together with the errors. An answer of errors alone leaves the recorded state
/// as it is.
pub(super) async fn apply(session: Arc<Session>, request: Request) -> Result<Response, Diagnostics> {
    let subject = Subject::Resource(request.type_name.clone());
    let ty = session.ty(&subject).await?;
    let apply = Apply {
        type_name: request.type_name,
        prior: read("prior_state", request.prior_state.as_ref(), ty)?,
        planned: read("planned_state", request.planned_state.as_ref(), ty)?,
        config: read("config", request.config.as_ref(), ty)?,
        private: request.planned_private,
    };
    let mut applied = answer("ApplyResourceChange", session.provider().apply(apply)).await?;
    Ok(Response {
        new_state: write(&applied.state, ty, &mut applied.diagnostics),
        private: applied.private,
        diagnostics: to_wire::diagnostics(&applied.diagnostics),
        legacy_type_system: applied.legacy,
    })
}
