//! Recorded objects as the host knows them, and back.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use framework::host::{Object, Stored};
use framework::{Diagnostic, Diagnostics, Type, Value, json};
use serde_json::Value as Json;

use super::Engine;
use super::evaluate::Evaluated;
use crate::providers::{self, Instance};
use crate::secrets::Redactor;
use crate::state::{self, Resource};
use crate::vault::{Group, INPUTS, OBJECT, PRIVATE, VaultError, is_sealed};

/// An error about a secret.
pub(crate) fn vault_error(error: VaultError) -> Diagnostics {
    Diagnostic::error("A secret was not opened or sealed", error.to_string()).into()
}

fn damaged(address: &str, reason: impl std::fmt::Display) -> Diagnostics {
    let detail =
        format!("{reason}. Restore the state from a backup, or remove the resource from it and import the object.");
    Diagnostic::error(format!("What is recorded of {address} cannot be read"), detail).into()
}

/// Adds to what is secret of a value those attributes that repeat a secret, as a connection string does.
pub(crate) fn spread(value: &Value, secrets: &mut BTreeSet<String>) {
    let texts = Redactor::new();
    for secret in secrets.iter().filter_map(|name| json::to_json(value.member(name))) {
        texts.add_all(&secret);
    }
    if texts.is_empty() {
        return;
    }
    let repeats = |name: &String, member: &Value| {
        !secrets.contains(name) && json::to_json(member).is_some_and(|json| texts.finds(&json.to_string()))
    };
    let members = value.as_map().into_iter().flatten();
    let repeating: Vec<String> =
        members.filter(|(name, member)| repeats(name, member)).map(|(name, _)| name.clone()).collect();
    secrets.extend(repeating);
}

/// The recorded value of a resource with this in place of every secret.
pub(crate) fn closed(resource: &Resource, ty: &Type, instead: &Value) -> Result<Value, Diagnostics> {
    let Some(object) = &resource.object else { return Ok(Value::Null) };
    let (secrets, open): (Vec<_>, Vec<_>) = object.value.iter().partition(|(_, value)| is_sealed(value));
    let open = open.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    typed(resource, ty, open, secrets.into_iter().map(|(name, _)| name), instead)
}

/// The value that these members are, with `instead` for those that were not opened.
fn typed<'a>(
    resource: &Resource,
    ty: &Type,
    members: BTreeMap<String, Json>,
    closed: impl Iterator<Item = &'a String>,
    instead: &Value,
) -> Result<Value, Diagnostics> {
    let tree = Json::Object(members.into_iter().collect());
    let mut value = json::from_json(&tree, ty).map_err(|error| damaged(&resource.address, error))?;
    if let Value::Map(members) = &mut value {
        members.extend(closed.map(|name| (name.clone(), instead.clone())));
    }
    Ok(value)
}

/// The known members of a value, as JSON.
pub(crate) fn known_members(value: &Value) -> BTreeMap<String, Json> {
    let members = value.as_map().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), json::to_json(value)?))).collect()
}

impl Engine {
    /// The recorded value of a resource that was stored by the same build, and what of it is secret. Secrets that are not wanted
    /// are not opened, and unknown in it.
    pub(crate) async fn value(
        &self,
        resource: &Resource,
        ty: &Type,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(Value, BTreeSet<String>), Diagnostics> {
        let Some(object) = &resource.object else { return Ok((Value::Null, BTreeSet::new())) };
        let group = Group::Resource(resource.id, OBJECT);
        let (members, secrets) = self.vault.open_members(group, &object.value, &wanted).await.map_err(vault_error)?;
        self.learn_members(resource, &members, &secrets)?;
        let closed = secrets.iter().filter(|name| !wanted(name));
        Ok((typed(resource, ty, members, closed, &Value::UNKNOWN)?, secrets))
    }

    /// Takes the secrets among what was opened of a resource out of all texts from now on, but not what only repeats them: of a
    /// file with a secret, each line would go.
    fn learn_members(
        &self,
        resource: &Resource,
        members: &BTreeMap<String, Json>,
        secrets: &BTreeSet<String>,
    ) -> Result<(), Diagnostics> {
        if secrets.is_empty() {
            return Ok(());
        }
        let (_, info) = self.providers.get(&resource.provider)?.resource(&resource.type_name)?;
        let given = resource.inputs.iter().filter(|(_, input)| is_sealed(&input.value)).map(|(name, _)| name);
        let secrets = given.chain(&info.sensitive).filter_map(|name| members.get(name));
        secrets.for_each(|secret| self.vault.learn(secret));
        Ok(())
    }

    /// Whether the secret inputs are those that are recorded.
    pub(super) async fn same_secrets(&self, prior: &Resource, evaluated: &Evaluated) -> Result<bool, Diagnostics> {
        for name in &evaluated.secrets {
            let Some(recorded) = prior.inputs.get(name) else { return Ok(false) };
            let value = json::to_json(evaluated.config.member(name)).unwrap_or_default();
            let group = Group::Resource(prior.id, INPUTS);
            if !self.vault.matches(group, name, &recorded.value, &value).await.map_err(vault_error)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether anything refers to an attribute of a node.
    pub(super) fn wanted(&self, node: usize) -> impl Fn(&str) -> bool {
        move |name| self.uses[node].as_ref().is_none_or(|uses| uses.contains(name))
    }

    /// Takes what is secret of a value out of all texts from now on.
    pub(crate) fn learn(&self, value: &Value, secrets: &BTreeSet<String>) {
        for value in secrets.iter().filter_map(|name| json::to_json(value.member(name))) {
            self.vault.learn(&value);
        }
    }

    /// The recorded object of a resource under the provider's current schema; none when it has none.
    pub(crate) async fn load(
        &self,
        instance: &Instance,
        resource: &Resource,
    ) -> Result<Option<(Object, BTreeSet<String>)>, Diagnostics> {
        let Some(object) = &resource.object else { return Ok(None) };
        let group = Group::Resource(resource.id, OBJECT);
        let (members, secrets) = self.vault.open_members(group, &object.value, |_| true).await.map_err(vault_error)?;
        self.learn_members(resource, &members, &secrets)?;
        let json = serde_json::to_vec(&members).expect("its keys are texts");
        let private = self.open_private(resource.id, &resource.address, &object.private).await?;
        let stored = Stored { version: object.version, json, private, tainted: object.tainted };
        let answer = instance.host.upgrade(&resource.type_name, &stored).await.map_err(providers::diagnostics)?;
        self.tell(Some(&resource.address), &answer.diagnostics);
        Ok(Some((answer.value, secrets)))
    }

    /// An object as it is recorded under this id.
    pub(crate) async fn store(
        &self,
        instance: &Instance,
        id: u64,
        type_name: &str,
        object: &Object,
        secrets: &BTreeSet<String>,
    ) -> Result<state::Object, Diagnostics> {
        let stored = instance.host.store(type_name, object).map_err(providers::diagnostics)?;
        let (_, info) = instance.resource(type_name)?;
        let mut all: BTreeSet<String> = secrets.union(&info.sensitive).cloned().collect();
        spread(&object.value, &mut all);
        let holds_secret = all.iter().any(|name| !object.value.member(name).is_null());
        let recorded = self.base.resources.get(&id).and_then(|resource| resource.object.as_ref());
        let (group, values) = (Group::Resource(id, OBJECT), recorded.map(|object| &object.value));
        let value = self.vault.seal_members(group, known_members(&object.value), &all, values).await;
        Ok(state::Object {
            version: stored.version,
            value: value.map_err(vault_error)?,
            private: self.seal_private(id, &stored.private, holds_secret).await?,
            tainted: stored.tainted,
        })
    }

    async fn open_private(&self, id: u64, address: &str, private: &Json) -> Result<Vec<u8>, Diagnostics> {
        let (private, _) =
            self.vault.open(Group::Resource(id, PRIVATE), "", private.clone()).await.map_err(vault_error)?;
        match private {
            Json::Null => Ok(Vec::new()),
            Json::String(text) => BASE64.decode(text).map_err(|error| damaged(address, error)),
            _ => Err(damaged(address, "private data must be a text")),
        }
    }

    /// Private data is the provider's and may hold a copy of any secret.
    async fn seal_private(&self, id: u64, private: &[u8], secret: bool) -> Result<Json, Diagnostics> {
        if private.is_empty() {
            return Ok(Json::Null);
        }
        let text = Json::String(BASE64.encode(private));
        if !secret {
            return Ok(text);
        }
        let recorded = self.base.resources.get(&id).and_then(|resource| resource.object.as_ref());
        let recorded = recorded.map(|object| &object.private);
        self.vault.seal(Group::Resource(id, PRIVATE), "", &text, recorded).await.map_err(vault_error)
    }
}
