//! `ValidateProviderConfig`, `ValidateResourceConfig`, `ValidateDataResourceConfig`.

use std::sync::Arc;

use framework::Diagnostics;
use framework::provider::{Subject, Validate};

use super::session::{Session, answer, read};
use crate::convert::to_wire;
use crate::generated::tfplugin6::{
    self as wire, DynamicValue, validate_data_resource_config, validate_provider_config, validate_resource_config,
};

pub(super) async fn provider(
    session: Arc<Session>,
    request: validate_provider_config::Request,
) -> Result<validate_provider_config::Response, Diagnostics> {
    let diagnostics = validate("ValidateProviderConfig", &session, Subject::Provider, request.config).await?;
    Ok(validate_provider_config::Response { diagnostics })
}

pub(super) async fn resource(
    session: Arc<Session>,
    request: validate_resource_config::Request,
) -> Result<validate_resource_config::Response, Diagnostics> {
    let diagnostics =
        validate("ValidateResourceConfig", &session, Subject::Resource(request.type_name), request.config).await?;
    Ok(validate_resource_config::Response { diagnostics })
}

pub(super) async fn data_source(
    session: Arc<Session>,
    request: validate_data_resource_config::Request,
) -> Result<validate_data_resource_config::Response, Diagnostics> {
    let diagnostics =
        validate("ValidateDataResourceConfig", &session, Subject::DataSource(request.type_name), request.config)
            .await?;
    Ok(validate_data_resource_config::Response { diagnostics })
}

async fn validate(
    rpc: &str,
    session: &Session,
    subject: Subject,
    config: Option<DynamicValue>,
) -> Result<Vec<wire::Diagnostic>, Diagnostics> {
    let config = read("config", config.as_ref(), session.ty(&subject).await?)?;
    let diagnostics = answer(rpc, session.provider().validate(Validate { subject, config })).await?;
    Ok(to_wire::diagnostics(&diagnostics))
}
