//! `UpgradeResourceState`, `ReadResource`, `ImportResourceState`, `MoveResourceState`.

use framework::provider::{
    Fault, Import, Imported, ImportedObject, Move, Moved, Read, ReadBack, Subject, Upgrade, Upgraded,
};

use super::host::{CAPABILITIES, Host, answer, read as read_value, write};
use crate::convert::from_wire;
use crate::generated::tfplugin6::import_resource_state::ImportedResource;
use crate::generated::tfplugin6::{
    RawState, import_resource_state, move_resource_state, read_resource, upgrade_resource_state,
};

fn raw(json: Vec<u8>) -> RawState {
    RawState { json, ..RawState::default() }
}

pub(super) async fn upgrade(host: &Host, request: Upgrade) -> Result<Upgraded, Fault> {
    let ty = host.ty(&Subject::Resource(request.type_name.clone()))?;
    let request = upgrade_resource_state::Request {
        type_name: request.type_name,
        version: request.version,
        raw_state: Some(raw(request.json)),
    };
    let response = answer("UpgradeResourceState", host.client().upgrade_resource_state(request).await)?;
    Ok(Upgraded {
        state: read_value("upgraded_state", response.upgraded_state.as_ref(), ty)?,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
    })
}

pub(super) async fn read(host: &Host, request: Read) -> Result<ReadBack, Fault> {
    let ty = host.ty(&Subject::Resource(request.type_name.clone()))?;
    let request = read_resource::Request {
        type_name: request.type_name,
        current_state: write("current_state", &request.state, ty)?,
        private: request.private,
        provider_meta: host.meta(),
        client_capabilities: Some(CAPABILITIES),
    };
    let response = answer("ReadResource", host.client().read_resource(request).await)?;
    Ok(ReadBack {
        state: read_value("new_state", response.new_state.as_ref(), ty)?,
        private: response.private,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
    })
}

pub(super) async fn import(host: &Host, request: Import) -> Result<Imported, Fault> {
    let request = import_resource_state::Request {
        type_name: request.type_name,
        id: request.id,
        client_capabilities: Some(CAPABILITIES),
    };
    let response = answer("ImportResourceState", host.client().import_resource_state(request).await)?;
    let object = |object: ImportedResource| {
        let ty = host.ty(&Subject::Resource(object.type_name.clone()))?;
        let state = read_value("state", object.state.as_ref(), ty)?;
        Ok(ImportedObject { type_name: object.type_name, state, private: object.private })
    };
    Ok(Imported {
        objects: response.imported_resources.into_iter().map(object).collect::<Result<_, Fault>>()?,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
    })
}

pub(super) async fn move_state(host: &Host, request: Move) -> Result<Moved, Fault> {
    let ty = host.ty(&Subject::Resource(request.type_name.clone()))?;
    let request = move_resource_state::Request {
        source_provider_address: request.source_provider,
        source_type_name: request.source_type,
        source_schema_version: request.source_version,
        source_state: Some(raw(request.source_json)),
        target_type_name: request.type_name,
        source_private: request.source_private,
    };
    let response = answer("MoveResourceState", host.client().move_resource_state(request).await)?;
    Ok(Moved {
        state: read_value("target_state", response.target_state.as_ref(), ty)?,
        private: response.target_private,
        diagnostics: from_wire::diagnostics(&response.diagnostics),
    })
}
