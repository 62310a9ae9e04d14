//! `ValidateProviderConfig`, `ValidateResourceConfig`, `ValidateDataResourceConfig`.

use framework::Diagnostics;
use framework::provider::{Fault, Subject, Validate};

use super::host::{CAPABILITIES, Host, answer, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::{validate_data_resource_config, validate_provider_config, validate_resource_config};

pub(super) async fn validate(host: &Host, request: Validate) -> Result<Diagnostics, Fault> {
    let config = write("config", &request.config, host.ty(&request.subject)?)?;
    let mut client = host.client();
    let diagnostics = match request.subject {
        Subject::Provider => {
            let request = validate_provider_config::Request { config };
            answer("ValidateProviderConfig", client.validate_provider_config(request).await)?.diagnostics
        }
        Subject::Resource(type_name) => {
            let client_capabilities = Some(CAPABILITIES);
            let request = validate_resource_config::Request { type_name, config, client_capabilities };
            answer("ValidateResourceConfig", client.validate_resource_config(request).await)?.diagnostics
        }
        Subject::DataSource(type_name) => {
            let request = validate_data_resource_config::Request { type_name, config };
            answer("ValidateDataResourceConfig", client.validate_data_resource_config(request).await)?.diagnostics
        }
    };
    Ok(from_wire::diagnostics(&diagnostics))
}
