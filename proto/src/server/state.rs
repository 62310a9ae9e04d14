//! `UpgradeResourceState`, `ReadResource`, `ImportResourceState`, `MoveResourceState`.

use std::sync::Arc;

use framework::provider::{Import, ImportedObject, Move, Read, Subject, Upgrade};
use framework::{Diagnostic, Diagnostics, Fault};

use super::session::{Session, answer, fault_diagnostic, read as read_value, write};
use crate::convert::to_wire;
use crate::generated::tfplugin6::import_resource_state::ImportedResource;
use crate::generated::tfplugin6::{
    RawState, import_resource_state, move_resource_state, read_resource, upgrade_resource_state,
};

pub(super) async fn upgrade(
    session: Arc<Session>,
    request: upgrade_resource_state::Request,
) -> Result<upgrade_resource_state::Response, Diagnostics> {
    let subject = Subject::Resource(request.type_name.clone());
    let ty = session.ty(&subject).await?;
    let upgrade = Upgrade { type_name: request.type_name, version: request.version, json: json_of(request.raw_state)? };
    let mut upgraded = answer("UpgradeResourceState", session.provider().upgrade(upgrade)).await?;
    Ok(upgrade_resource_state::Response {
        upgraded_state: write(&upgraded.state, ty, &mut upgraded.diagnostics),
        diagnostics: to_wire::diagnostics(&upgraded.diagnostics),
    })
}

/// The JSON of a stored state.
fn json_of(state: Option<RawState>) -> Result<Vec<u8>, Diagnostics> {
    let state = state.unwrap_or_default();
    if state.flatmap.is_empty() {
        return Ok(state.json);
    }
    let detail = "The state was written by Terraform 0.11 or older, in a form that this provider never had. Run \
                  `terraform state rm` for the resource and import it.";
    Err(Diagnostic::error("The stored state is too old", detail).into())
}

pub(super) async fn read(
    session: Arc<Session>,
    request: read_resource::Request,
) -> Result<read_resource::Response, Diagnostics> {
    let subject = Subject::Resource(request.type_name.clone());
    let ty = session.ty(&subject).await?;
    let state = read_value("current_state", request.current_state.as_ref(), ty)?;
    let read = Read { type_name: request.type_name, state, private: request.private };
    let mut back = answer("ReadResource", session.provider().read(read)).await?;
    Ok(read_resource::Response {
        new_state: write(&back.state, ty, &mut back.diagnostics),
        diagnostics: to_wire::diagnostics(&back.diagnostics),
        private: back.private,
    })
}

pub(super) async fn import(
    session: Arc<Session>,
    request: import_resource_state::Request,
) -> Result<import_resource_state::Response, Diagnostics> {
    session.ty(&Subject::Resource(request.type_name.clone())).await?;
    let import = Import { type_name: request.type_name, id: request.id };
    let mut imported = answer("ImportResourceState", session.provider().import(import)).await?;
    let mut imported_resources = Vec::new();
    for object in imported.objects {
        imported_resources.push(imported_object(&session, object, &mut imported.diagnostics).await?);
    }
    Ok(import_resource_state::Response { imported_resources, diagnostics: to_wire::diagnostics(&imported.diagnostics) })
}

async fn imported_object(
    session: &Session,
    object: ImportedObject,
    diagnostics: &mut Diagnostics,
) -> Result<ImportedResource, Diagnostics> {
    let subject = Subject::Resource(object.type_name.clone());
    let state = write(&object.state, session.ty(&subject).await?, diagnostics);
    Ok(ImportedResource { type_name: object.type_name, state, private: object.private })
}

pub(super) async fn move_state(
    session: Arc<Session>,
    request: move_resource_state::Request,
) -> Result<move_resource_state::Response, Diagnostics> {
    let subject = Subject::Resource(request.target_type_name.clone());
    let ty = session.ty(&subject).await?;
    let Some(capability) = session.provider().moves() else {
        return Err(fault_diagnostic(
            "MoveResourceState",
            &Fault::Unsupported("objects of other resource types".into()),
        )
        .into());
    };
    let mut moved = answer(
        "MoveResourceState",
        capability.move_state(Move {
            source_provider: request.source_provider_address,
            source_type: request.source_type_name,
            source_version: request.source_schema_version,
            source_json: json_of(request.source_state)?,
            source_private: request.source_private,
            type_name: request.target_type_name,
        }),
    )
    .await?;
    Ok(move_resource_state::Response {
        target_state: write(&moved.state, ty, &mut moved.diagnostics),
        diagnostics: to_wire::diagnostics(&moved.diagnostics),
        target_private: moved.private,
    })
}
