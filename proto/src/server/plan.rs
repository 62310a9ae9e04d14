//! `PlanResourceChange`.

use std::sync::Arc;

use framework::Diagnostics;
use framework::provider::{Plan, Subject};

use super::session::{Session, answer, read, write};
use crate::convert::to_wire;
use crate::generated::tfplugin6::plan_resource_change::{Request, Response};

pub(super) async fn plan(session: Arc<Session>, request: Request) -> Result<Response, Diagnostics> {
    let subject = Subject::Resource(request.type_name.clone());
    let ty = session.ty(&subject).await?;
    let plan = Plan {
        type_name: request.type_name,
        prior: read("prior_state", request.prior_state.as_ref(), ty)?,
        proposed: read("proposed_new_state", request.proposed_new_state.as_ref(), ty)?,
        config: read("config", request.config.as_ref(), ty)?,
        private: request.prior_private,
    };
    let mut planned = answer("PlanResourceChange", session.provider().plan(plan)).await?;
    Ok(Response {
        planned_state: write(&planned.state, ty, &mut planned.diagnostics),
        requires_replace: to_wire::paths(&planned.replace),
        planned_private: planned.private,
        diagnostics: to_wire::diagnostics(&planned.diagnostics),
        legacy_type_system: planned.legacy,
    })
}
