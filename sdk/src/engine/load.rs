//! Recorded objects as the host knows them, and back.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use framework::host::{Object, Stored};
use framework::{Diagnostic, Diagnostics, Type, Value, json};
use serde_json::Value as Json;

use super::Engine;
use crate::providers::{self, Instance};
use crate::state::{self, Resource};
use crate::vault::VaultError;

/// An error about a secret.
pub(crate) fn vault_error(error: VaultError) -> Diagnostics {
    Diagnostic::error("A secret cannot be kept", error.to_string()).into()
}

fn damaged(address: &str, reason: impl std::fmt::Display) -> Diagnostics {
    let detail =
        format!("{reason}. Restore the state from a backup, or remove the resource from it and import the object.");
    Diagnostic::error(format!("What is recorded of {address} cannot be read"), detail).into()
}

/// The known members of a value, as JSON.
pub(crate) fn known_members(value: &Value) -> BTreeMap<String, Json> {
    let members = value.as_map().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), json::to_json(value)?))).collect()
}

impl Engine {
    /// The recorded value of a resource that was stored by the same build, and what of it is secret.
    pub(crate) fn value(&self, resource: &Resource, ty: &Type) -> Result<(Value, BTreeSet<String>), Diagnostics> {
        let Some(object) = &resource.object else { return Ok((Value::Null, BTreeSet::new())) };
        let place = format!("{}/object", resource.id);
        let (members, secrets) = self.vault.open_members(&place, object.value.clone()).map_err(vault_error)?;
        let tree = Json::Object(members.into_iter().collect());
        let value = json::from_json(&tree, ty).map_err(|error| damaged(&resource.address, error))?;
        Ok((value, secrets))
    }

    /// The recorded object of a resource under the provider's current schema; none when it has none.
    pub(crate) async fn load(
        &self,
        instance: &Instance,
        resource: &Resource,
    ) -> Result<Option<(Object, BTreeSet<String>)>, Diagnostics> {
        let Some(object) = &resource.object else { return Ok(None) };
        let place = format!("{}/object", resource.id);
        let (members, secrets) = self.vault.open_members(&place, object.value.clone()).map_err(vault_error)?;
        let json = serde_json::to_vec(&members).expect("its keys are texts");
        let private = self.open_private(resource.id, &resource.address, &object.private)?;
        let stored = Stored { version: object.version, json, private, tainted: object.tainted };
        let answer = instance.host.upgrade(&resource.type_name, &stored).await.map_err(providers::diagnostics)?;
        self.tell(Some(&resource.address), &answer.diagnostics);
        Ok(Some((answer.value, secrets)))
    }

    /// An object as it is recorded under this id.
    pub(crate) fn store(
        &self,
        instance: &Instance,
        id: u64,
        type_name: &str,
        object: &Object,
        secrets: &BTreeSet<String>,
    ) -> Result<state::Object, Diagnostics> {
        let stored = instance.host.store(type_name, object).map_err(providers::diagnostics)?;
        let (_, info) = instance.resource(type_name)?;
        let all: BTreeSet<String> = secrets.union(&info.sensitive).cloned().collect();
        let holds_secret = all.iter().any(|name| !object.value.member(name).is_null());
        let value = self.vault.seal_members(&format!("{id}/object"), known_members(&object.value), &all);
        Ok(state::Object {
            version: stored.version,
            value: value.map_err(vault_error)?,
            private: self.seal_private(id, &stored.private, holds_secret)?,
            tainted: stored.tainted,
        })
    }

    pub(crate) fn open_private(&self, id: u64, address: &str, private: &Json) -> Result<Vec<u8>, Diagnostics> {
        let (private, _) = self.vault.open(&format!("{id}/private"), private.clone()).map_err(vault_error)?;
        match private {
            Json::Null => Ok(Vec::new()),
            Json::String(text) => BASE64.decode(text).map_err(|error| damaged(address, error)),
            _ => Err(damaged(address, "private data must be a text")),
        }
    }

    /// Private data is the provider's and may hold a copy of any secret.
    pub(crate) fn seal_private(&self, id: u64, private: &[u8], secret: bool) -> Result<Json, Diagnostics> {
        if private.is_empty() {
            return Ok(Json::Null);
        }
        let text = Json::String(BASE64.encode(private));
        if secret { self.vault.seal(&format!("{id}/private"), &text).map_err(vault_error) } else { Ok(text) }
    }
}
