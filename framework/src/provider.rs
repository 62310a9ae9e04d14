//! The waist: the one trait between everything that declares and everything that does.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::{Diagnostics, Path, Schema, Value};

/// The answer of a provider to one request.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Why a request has no answer. What the provider has to say to the user is not a fault but data in the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The connection to the provider failed.
    #[error("the connection to the provider failed{}: {reason}", if *.sent { " after the request was sent" } else { "" })]
    Transport {
        /// Whether the request had left: if so, what it asks for may have happened.
        sent: bool,
        /// What failed.
        reason: String,
    },
    /// The provider panicked while it worked on the request. What the request asks for may have happened in part.
    #[error("the provider panicked: {0}")]
    Panicked(String),
    /// The provider does not know this request.
    #[error("the provider does not support {0}")]
    Unsupported(String),
}

/// A provider of resources and data sources.
///
/// # Guarantees
/// Requests are owned and answers hold state and diagnostics together: an answer with errors still says what state was
/// reached. All values conform to the schemas. Requests may run concurrently.
///
/// # Assumptions
/// The caller keeps core's half of the contract, as [`crate::host`] does: configuration is validated before it is used,
/// stored states pass [`Provider::upgrade`] before any other request sees them, and private data is handed back as given.
pub trait Provider: Send + Sync {
    /// All schemas. Cheap after the first call.
    fn schemas(&self) -> Reply<'_, Arc<Schemas>>;
    /// Checks a configuration. Unknown parts are passed over.
    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics>;
    /// Hands over the provider's own configuration, before anything but `schemas`, `validate` and `upgrade`.
    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics>;
    /// Brings a stored state to the current schema.
    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded>;
    /// Looks at the world.
    fn read(&self, request: Read) -> Reply<'_, ReadBack>;
    /// Says what apply would do.
    fn plan(&self, request: Plan) -> Reply<'_, Planned>;
    /// Does what was planned.
    fn apply(&self, request: Apply) -> Reply<'_, Applied>;
    /// Takes an existing object into management.
    fn import(&self, request: Import) -> Reply<'_, Imported>;
    /// Reads a data source.
    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead>;
    /// Asks all requests to end at their next safe point. Idempotent, returns at once.
    fn stop(&self);

    /// Asks all requests to end, for whoever made them is gone and did not ask for it.
    fn lose(&self) {
        self.stop();
    }

    /// The capability to take over objects of other resource types.
    fn moves(&self) -> Option<&dyn Moves> {
        None
    }

    /// The capability to find what a creation made whose answer was lost.
    fn locates(&self) -> Option<&dyn Locates> {
        None
    }
}

/// The capability to find what a creation made whose answer was lost.
pub trait Locates: Send + Sync {
    /// Looks for the object that `request` would have made.
    fn locate(&self, request: Locate) -> Reply<'_, Located>;
}

/// Request of [`Locates::locate`]: the creation whose answer was lost.
#[derive(Debug, Clone)]
pub struct Locate {
    /// The resource type.
    pub type_name: String,
    /// The planned state.
    pub planned: Value,
    /// The configuration.
    pub config: Value,
}

/// Answer of [`Locates::locate`].
#[derive(Debug, Clone)]
pub struct Located {
    /// Whether objects of this type can be found at all.
    pub supported: bool,
    /// The object's state; null when there is none, or only parts that making it again takes over.
    pub state: Value,
    /// Private data to record with it.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// The capability to take over the state of an object of another resource type.
pub trait Moves: Send + Sync {
    /// Turns the state of another type, perhaps of another provider, into one of ours.
    fn move_state(&self, request: Move) -> Reply<'_, Moved>;
}

/// The schemas of a provider.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// Of the provider's own configuration.
    pub provider: Schema,
    /// Of the resources, by full type name such as `devopsflow_pipeline`.
    pub resources: BTreeMap<String, Schema>,
    /// Of the data sources, by full type name.
    pub data_sources: BTreeMap<String, Schema>,
    /// What went wrong in putting them together.
    pub diagnostics: Diagnostics,
    /// Whether the provider wants to be asked for the plan of a destruction too.
    pub plans_destroy: bool,
}

/// Which configuration to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The provider's own.
    Provider,
    /// Of a resource of this type.
    Resource(String),
    /// Of a data source of this type.
    DataSource(String),
}

/// Request of [`Provider::validate`].
#[derive(Debug, Clone)]
pub struct Validate {
    /// Whose configuration it is.
    pub subject: Subject,
    /// The configuration; may hold unknowns.
    pub config: Value,
}

/// Request of [`Provider::configure`].
#[derive(Debug, Clone)]
pub struct Configure {
    /// The provider's own configuration; may hold unknowns at plan.
    pub config: Value,
    /// The version of the program that asks, such as `1.11.4`.
    pub host_version: String,
}

/// Request of [`Provider::upgrade`].
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The resource type.
    pub type_name: String,
    /// The schema version under which the state was stored.
    pub version: i64,
    /// The stored state, a JSON object.
    pub json: Vec<u8>,
}

/// Answer of [`Provider::upgrade`].
#[derive(Debug, Clone)]
pub struct Upgraded {
    /// The state under the current schema.
    pub state: Value,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// Request of [`Provider::read`].
#[derive(Debug, Clone)]
pub struct Read {
    /// The resource type.
    pub type_name: String,
    /// The recorded state.
    pub state: Value,
    /// Private data recorded with it.
    pub private: Vec<u8>,
}

/// Answer of [`Provider::read`].
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// The state as the world has it; null when the object is gone.
    pub state: Value,
    /// Private data to record with it.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// Request of [`Provider::plan`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// The resource type.
    pub type_name: String,
    /// The recorded state; null for a creation, and for the second half of a replacement.
    pub prior: Value,
    /// The host's merge of `config` with `prior`; null for a destruction.
    pub proposed: Value,
    /// The configuration; null for a destruction.
    pub config: Value,
    /// Private data recorded with the prior state.
    pub private: Vec<u8>,
}

/// Answer of [`Provider::plan`].
#[derive(Debug, Clone)]
pub struct Planned {
    /// The state that apply will reach, unknown where only apply will know.
    pub state: Value,
    /// The attributes whose change needs a new object.
    pub replace: Vec<Path>,
    /// Private data for apply.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
    /// Whether the provider asks not to be held to the rules, as old SDKs do.
    pub legacy: bool,
}

/// Request of [`Provider::apply`].
#[derive(Debug, Clone)]
pub struct Apply {
    /// The resource type.
    pub type_name: String,
    /// The recorded state; null for a creation.
    pub prior: Value,
    /// The planned state; null for a destruction.
    pub planned: Value,
    /// The configuration, wholly known; null for a destruction.
    pub config: Value,
    /// Private data from the plan.
    pub private: Vec<u8>,
}

/// Answer of [`Provider::apply`].
#[derive(Debug, Clone)]
pub struct Applied {
    /// The state that was reached, errors or not; null when nothing exists.
    pub state: Value,
    /// Private data to record with it.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
    /// Whether the provider asks not to be held to the rules, as old SDKs do.
    pub legacy: bool,
}

/// Request of [`Provider::import`].
#[derive(Debug, Clone)]
pub struct Import {
    /// The resource type.
    pub type_name: String,
    /// What names the object; its form is the resource's own.
    pub id: String,
}

/// Answer of [`Provider::import`].
#[derive(Debug, Clone)]
pub struct Imported {
    /// The objects; ours give exactly one.
    pub objects: Vec<ImportedObject>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// One object that was imported.
#[derive(Debug, Clone)]
pub struct ImportedObject {
    /// The resource type.
    pub type_name: String,
    /// What is known of it; a read follows.
    pub state: Value,
    /// Private data to record with it.
    pub private: Vec<u8>,
}

/// Request of [`Provider::read_data`].
#[derive(Debug, Clone)]
pub struct ReadData {
    /// The data source type.
    pub type_name: String,
    /// Its configuration, wholly known.
    pub config: Value,
}

/// Answer of [`Provider::read_data`].
#[derive(Debug, Clone)]
pub struct DataRead {
    /// Configuration and results.
    pub state: Value,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// Request of [`Moves::move_state`].
#[derive(Debug, Clone)]
pub struct Move {
    /// Address of the provider that the object belonged to, such as `registry.terraform.io/hashicorp/local`.
    pub source_provider: String,
    /// The type that the object had.
    pub source_type: String,
    /// The schema version of its state.
    pub source_version: i64,
    /// Its stored state, a JSON object.
    pub source_json: Vec<u8>,
    /// Private data recorded with it.
    pub source_private: Vec<u8>,
    /// The type that it shall have.
    pub type_name: String,
}

/// Answer of [`Moves::move_state`].
#[derive(Debug, Clone)]
pub struct Moved {
    /// The state under the new type.
    pub state: Value,
    /// Private data to record with it.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
}
