//! `ConfigureProvider`.

use framework::Diagnostics;
use framework::provider::{Configure, Fault, Subject};

use super::host::{CAPABILITIES, Host, answer, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::configure_provider::Request;

pub(super) async fn configure(host: &Host, request: Configure) -> Result<Diagnostics, Fault> {
    let request = Request {
        terraform_version: request.host_version,
        config: write("config", &request.config, host.ty(&Subject::Provider)?)?,
        client_capabilities: Some(CAPABILITIES),
    };
    let response = answer("ConfigureProvider", host.client().configure_provider(request).await)?;
    Ok(from_wire::diagnostics(&response.diagnostics))
}
