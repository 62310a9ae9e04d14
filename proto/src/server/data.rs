//! `ReadDataSource`.

use std::sync::Arc;

use framework::Diagnostics;
use framework::provider::{ReadData, Subject};

use super::session::{Session, answer, read as read_value, write};
use crate::convert::to_wire;
use crate::generated::tfplugin6::read_data_source::{Request, Response};

pub(super) async fn read(session: Arc<Session>, request: Request) -> Result<Response, Diagnostics> {
    let subject = Subject::DataSource(request.type_name.clone());
    let ty = session.ty(&subject).await?;
    let config = read_value("config", request.config.as_ref(), ty)?;
    let mut read =
        answer("ReadDataSource", session.provider().read_data(ReadData { type_name: request.type_name, config }))
            .await?;
    Ok(Response {
        state: write(&read.state, ty, &mut read.diagnostics),
        diagnostics: to_wire::diagnostics(&read.diagnostics),
    })
}
