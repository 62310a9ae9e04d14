//! What is recorded of a stack: the form in which it is written, and the rules that it obeys. Pure.
//!
//! A [`State`] is the fold of [`Entry`]s. The types here are the published form of `docs/journal.md`, "The SDK's state".

mod entry;
mod export;
mod history;
mod record;
mod repair;
mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::secrets::Header;

pub use entry::{Change, Counts, Ended, Entry};
pub use export::Export;
pub use record::{Invalid, Record};
pub(crate) use record::{Loaded, load, snapshot, write};
pub use repair::Repaired;
pub(crate) use verify::MAX_NUMBER;

/// Everything recorded of a stack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The id that the next resource gets. None is used twice.
    pub next_id: u64,
    /// The id that the next operation gets.
    pub next_operation: u64,
    /// The resources by id.
    pub resources: BTreeMap<u64, Resource>,
    /// Operations that began and of which no end is recorded.
    pub pending: BTreeMap<u64, Pending>,
    /// What the program exported.
    pub exports: BTreeMap<String, Json>,
    /// The provider instances that the program declared, so that what they manage can be removed without it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, Provider>,
    /// The latest updates, oldest first.
    pub updates: Vec<Update>,
    /// The key of its secrets, wrapped for those who may open them; absent while it never had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Header>,
}

/// A provider instance that a program declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The provider of which it is an instance, such as `devopsflow`.
    pub kind: String,
    /// The program that it runs as; the stack knows where it comes from when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Its configuration; secrets are sealed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Json>,
}

/// A resource, or a component, which has no object.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own in the published form")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its id.
    pub id: u64,
    /// Its address in the program, such as `web/devopsflow_pipeline.ci`.
    pub address: String,
    /// Its type.
    pub type_name: String,
    /// The provider instance that manages it; empty for a component.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Whether it only groups others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub component: bool,
    /// The inputs as the program gave them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Input>,
    /// Stands for inputs, options and provider build: with the same, nothing can have changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The id of the component that it belongs to, which is recorded as long as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// The ids of the resources that it was made with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<u64>,
    /// The id of the resource with which it vanishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_with: Option<u64>,
    /// Whether removing it is an error.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protect: bool,
    /// Whether it stays in the world when it is removed here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retain_on_delete: bool,
    /// How long removing it may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_timeout: Option<u64>,
    /// Whether hooks run when it is removed, which only the program knows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub delete_hooks: bool,
    /// Whether it was replaced, and is yet to be removed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub outgoing: bool,
    /// The object; none for a component, and for what vanished or waits to be made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    /// Where it is declared, as `file:line`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub location: String,
}

/// One input of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its value; a secret is sealed.
    pub value: Json,
    /// What it was made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// That an input used a part of another resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The other's address.
    pub address: String,
    /// The part.
    pub path: String,
    /// How.
    pub kind: ReferenceKind,
}

/// How an input uses another resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceKind {
    /// As it is.
    Direct,
    /// Through a function of the program.
    Code,
}

/// An object as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// The version of the schema.
    pub version: i64,
    /// Its state by attribute; secrets are sealed.
    pub value: BTreeMap<String, Json>,
    /// The provider's private data, base64 or sealed.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub private: Json,
    /// Whether its creation failed half-way.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tainted: bool,
}

/// An operation that began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// What it does.
    pub operation: Operation,
    /// The address of the resource.
    pub address: String,
    /// Its type.
    pub type_name: String,
    /// The provider instance.
    pub provider: String,
    /// The recorded resource, or the id that a new one will get.
    pub resource: u64,
    /// For a create: the configuration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Json>,
    /// For a create: what of the planned state is known and not in the configuration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub planned: BTreeMap<String, Json>,
    /// For a create: the resource as it will be recorded, without its object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Box<Resource>>,
}

/// What is asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// An object is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
}

/// One run of a verb that could change the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Its number, from 1.
    pub id: u64,
    /// What was run: `up`, `destroy`, ...
    pub verb: String,
    /// What the program made up things of, if it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The writer's epoch.
    pub epoch: u64,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// How it ended; absent when it was killed, or still runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The resources that it changed or removed as they were before, by id; nothing for those that it added. Older updates
    /// lose it, see `docs/journal.md`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<u64, Option<Box<Resource>>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Resource {
    /// A resource of which this is known, and nothing else.
    pub(crate) fn new(id: u64, address: &str, type_name: &str) -> Self {
        Self {
            id,
            address: address.to_owned(),
            type_name: type_name.to_owned(),
            provider: String::new(),
            component: false,
            inputs: BTreeMap::new(),
            fingerprint: String::new(),
            parent: None,
            dependencies: Vec::new(),
            deleted_with: None,
            protect: false,
            retain_on_delete: false,
            delete_timeout: None,
            delete_hooks: false,
            outgoing: false,
            object: None,
            location: String::new(),
        }
    }

    /// The ids of what must be recorded as long as this one is; one may be named more than once.
    pub fn needs(&self) -> impl Iterator<Item = &u64> {
        self.dependencies.iter().chain(&self.deleted_with).chain(&self.parent)
    }
}

impl State {
    /// The live resource at this address.
    pub fn live(&self, address: &str) -> Option<&Resource> {
        self.resources.values().find(|resource| !resource.outgoing && resource.address == address)
    }

    /// The number that the next update gets.
    pub(crate) fn next_update(&self) -> u64 {
        self.updates.last().map_or(1, |last| last.id.saturating_add(1))
    }

    /// The live resources by address.
    pub fn by_address(&self) -> BTreeMap<&str, &Resource> {
        let live = self.resources.values().filter(|resource| !resource.outgoing);
        live.map(|resource| (resource.address.as_str(), resource)).collect()
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}
