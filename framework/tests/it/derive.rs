//! What `#[derive(Attributes)]` writes. One resource with an input of every kind serves all modules:
//!
//! - `schema`: documentation, modes and rules
//! - `values`: reading objects and writing them, partial inputs, previews
//! - `texts`: enums of unit variants
//! - `declaring`: builders, through a `Declare` in memory
//! - `hygiene`: nothing that the user's code names otherwise gets in the way

mod declaring;
mod hygiene;
mod schema;
mod texts;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use framework::Attributes;

/// A rollout of a new version
/// to its users.
///
/// It goes back by itself.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(resource = "demo_rollout", builder = Rollout, outputs = Outputs)]
pub(crate) struct Inputs {
    /// The version.
    version: String,
    /// Where it runs.
    target: Target,
    /// What must hold, by name:
    /// - errors
    /// - latency
    gates: Option<BTreeMap<String, Gate>>,
    /// Who is told.
    notify: Option<BTreeSet<Channel>>,
    /// Shares of the users, in percent.
    #[attr(length = 1..=5, default = vec![5, 25])]
    steps: Vec<u16>,
    /// Where notes are kept.
    #[attr(default = "notes", replace)]
    notes: PathBuf,
    /// How urgent it is.
    #[attr(one_of("low", "high"), length = 1..)]
    r#type: Option<String>,
    /// A token.
    #[attr(sensitive, write_only, exclusive = "credentials")]
    token: Option<String>,
    /// A file with a token.
    #[attr(exclusive = "credentials", deprecated = "Use `token`.")]
    token_file: Option<PathBuf>,
}

/// Where it runs.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub(crate) enum Target {
    /// On this machine.
    Local(Local),
    /// Nowhere.
    DryRun(DryRun),
    /// On a named cluster.
    #[attr(name = "static")]
    Cluster(String),
}

/// A local process.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub(crate) struct Local {
    /// The port.
    #[attr(range = 1024..)]
    port: u16,
    /// The command line.
    command: Option<Vec<String>>,
    /// How many run.
    #[attr(default = Local::REPLICAS, range = 1..=16)]
    replicas: u16,
}

impl Local {
    const REPLICAS: u16 = 2;
}

/// Nothing to say.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub(crate) struct DryRun {}

/// A gate.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub(crate) struct Gate {
    /// The most that is accepted.
    #[attr(range = 0.0..=1.0)]
    max: f64,
    /// Whether it is only looked at.
    #[attr(default = false)]
    advisory: bool,
}

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Attributes)]
pub(crate) enum Channel {
    /// Mail.
    Mail,
    /// Text messages,
    /// at night too.
    ShortMessage,
    /// A pager.
    #[attr(name = "on-call")]
    Pager,
}

/// What a rollout gives.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attr(outputs)]
pub(crate) struct Outputs {
    /// Where it is reached.
    url: String,
    /// The gates with their defaults.
    resolved_gates: BTreeMap<String, Gate>,
    /// Why it went back.
    #[attr(sensitive)]
    reason: Option<String>,
}
