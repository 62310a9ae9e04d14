//! `ConfigureProvider`.

use std::sync::Arc;

use framework::Diagnostics;
use framework::provider::{Configure, Subject};

use super::session::{Session, answer, read};
use crate::convert::to_wire;
use crate::generated::tfplugin6::configure_provider::{Request, Response};

pub(super) async fn configure(session: Arc<Session>, request: Request) -> Result<Response, Diagnostics> {
    let config = read("config", request.config.as_ref(), session.ty(&Subject::Provider).await?)?;
    let configure = Configure { config, host_version: request.terraform_version };
    let diagnostics = answer("ConfigureProvider", session.provider().configure(configure)).await?;
    Ok(Response { diagnostics: to_wire::diagnostics(&diagnostics) })
}
