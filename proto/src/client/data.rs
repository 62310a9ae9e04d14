//! `ReadDataSource`.

use framework::provider::{DataRead, Fault, ReadData, Subject};

use super::host::{CAPABILITIES, Host, answer, read as read_value, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::read_data_source::Request;

pub(super) async fn read(host: &Host, request: ReadData) -> Result<DataRead, Fault> {
    let ty = host.ty(&Subject::DataSource(request.type_name.clone()))?;
    let request = Request {
        type_name: request.type_name,
        config: write("config", &request.config, ty)?,
        provider_meta: host.meta(),
        client_capabilities: Some(CAPABILITIES),
    };
    let response = answer("ReadDataSource", host.client().read_data_source(request).await)?;
    Ok(DataRead {
        state: read_value("state", response.state.as_ref(), ty)?,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
    })
}
