//! The engine: plans what a graph needs, and does it.
//!
//! It reads a copy of the state that was made at the start, and hands changes to the [`Recorder`](crate::recorder).

pub(crate) mod apply;
mod bound;
mod evaluate;
mod hooks;
pub(crate) mod import;
mod ledger;
mod load;
mod operate;
pub(crate) mod plan;
pub(crate) mod recover;
pub(crate) mod refresh;
pub(crate) mod remove;
mod resource;
mod saved;
mod select;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use framework::{Diagnostic, Diagnostics, Severity, Value};

use crate::event::{Event, REDACTED, Reporter};
use crate::program::Graph;
use crate::providers::Providers;
use crate::stack::Stopper;
use crate::state::State;
use crate::vault::Vault;

pub(crate) use bound::Bounds;
pub(crate) use ledger::Ledger;
pub(crate) use remove::needed as remove_needed;
pub use saved::Plan;

/// How a verb is run.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How many operations may run at once, at least 1.
    pub(crate) parallel: usize,
    /// Whether the world is looked at.
    pub(crate) refresh: bool,
    /// The addresses to which it is confined, with what they need; all when empty.
    pub(crate) targets: BTreeSet<String>,
    /// The addresses that are left alone.
    pub(crate) excludes: BTreeSet<String>,
    /// The addresses that are replaced, changed or not.
    pub(crate) replaces: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let none = BTreeSet::new;
        Self { parallel: 10, refresh: false, targets: none(), excludes: none(), replaces: none() }
    }
}

/// Something that went wrong, and with which resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The address of the resource.
    pub address: Option<String>,
    /// Where it is declared, as `file:line`.
    pub location: Option<String>,
    /// What went wrong.
    pub diagnostics: Diagnostics,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}")?;
            if let Some(location) = &self.location {
                write!(f, " ({location})")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.diagnostics)
    }
}

/// What a node gives to those that need it.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) value: Value,
    /// The attributes at the top that are secret.
    pub(crate) secrets: BTreeSet<String>,
    /// The recorded resources behind it.
    pub(crate) ids: Vec<u64>,
    /// Why it is not there, when it should be.
    pub(crate) failed: Option<String>,
}

impl Given {
    /// Nothing that is known yet.
    pub(crate) fn unknown() -> Self {
        Self { value: Value::UNKNOWN, secrets: BTreeSet::new(), ids: Vec::new(), failed: None }
    }

    /// Nothing, for this reason.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self { failed: Some(reason.into()), ..Self::unknown() }
    }
}

/// What the nodes give, each once it is known.
pub(crate) type Results = Arc<Vec<OnceLock<Given>>>;

/// One run of a verb.
pub(crate) struct Engine {
    pub(crate) graph: Graph,
    /// The nodes by address.
    pub(crate) nodes: HashMap<String, usize>,
    /// For every node, those that it needs.
    pub(crate) edges: Vec<Vec<usize>>,
    /// What was recorded when the run began.
    pub(crate) base: State,
    /// For every node, the recorded resource that it continues.
    pub(crate) priors: Vec<Option<u64>>,
    /// For every node, whether it is operated on.
    pub(crate) selected: Vec<bool>,
    pub(crate) providers: Arc<Providers>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) reporter: Reporter,
    pub(crate) stopper: Stopper,
    pub(crate) settings: Settings,
}

impl Engine {
    pub(crate) fn new(
        graph: Graph,
        base: State,
        providers: Arc<Providers>,
        vault: Arc<Vault>,
        reporter: Reporter,
        stopper: Stopper,
        settings: Settings,
    ) -> Self {
        let edges = graph.edges();
        let nodes = graph.addresses().enumerate().map(|(node, address)| (address.to_owned(), node)).collect();
        let priors = select::priors(&graph, &base);
        let selected = select::selected(&graph, &edges, &settings);
        Self { graph, nodes, edges, base, priors, selected, providers, vault, reporter, stopper, settings }
    }

    /// The problem that a run that was asked to stop ends with.
    pub(crate) fn stopped(&self) -> Option<Problem> {
        self.stopper.is_stopping().then(|| {
            let detail = "What ran has ended and is recorded; run it again to do the rest.";
            let diagnostics: Diagnostics = Diagnostic::error("The run was stopped", detail).into();
            self.tell(None, &diagnostics);
            Problem { address: None, location: None, diagnostics }
        })
    }

    /// What would have to be sealed without a key, if `bounds` were done.
    pub(crate) fn keyless(&self, bounds: &Bounds, exports: &BTreeMap<String, Value>) -> Vec<Problem> {
        if self.vault.has_key() {
            return Vec::new();
        }
        let secret = bounds.iter().filter_map(|(address, bound)| Some((address, bound.secrets.first()?)));
        let secret = secret.map(|(address, name)| (Some(address.clone()), format!("`{name}`")));
        let hidden = exports.iter().filter(|(_, value)| value.as_str() == Some(REDACTED));
        let hidden = hidden.map(|(name, _)| (None, format!("the export {name:?}")));
        let problem = |(address, place): (Option<String>, String)| {
            let diagnostics = load::vault_error(self.vault.no_key(&place));
            self.tell(address.as_deref(), &diagnostics);
            let node = address.as_ref().and_then(|address| self.nodes.get(address));
            let location = node.map(|node| self.graph.nodes[*node].location());
            Problem { address, location, diagnostics }
        };
        secret.chain(hidden).map(problem).collect()
    }

    pub(crate) fn report(&self, event: Event) {
        (self.reporter)(&event);
    }

    /// Tells the user what a provider said about a resource.
    pub(crate) fn tell(&self, address: Option<&str>, diagnostics: &Diagnostics) {
        for diagnostic in diagnostics {
            let text = diagnostic.to_string();
            let text = text.split_once(": ").map_or(text.as_str(), |(_, text)| text).to_owned();
            self.report(Event::Message { severity: diagnostic.severity, address: address.map(str::to_owned), text });
        }
    }

    pub(crate) fn warn(&self, address: &str, text: impl Into<String>) {
        let (severity, address) = (Severity::Warning, Some(address.to_owned()));
        self.report(Event::Message { severity, address, text: text.into() });
    }

    pub(crate) fn results(&self) -> Results {
        Arc::new(std::iter::repeat_with(OnceLock::new).take(self.graph.nodes.len()).collect())
    }

    /// A problem with a node, told to the user.
    pub(crate) fn problem(&self, node: usize, diagnostics: Diagnostics) -> Problem {
        let node = &self.graph.nodes[node];
        self.tell(Some(&node.address), &diagnostics);
        Problem { address: Some(node.address.clone()), location: Some(node.location()), diagnostics }
    }
}

/// The value without what may not be shown.
pub(crate) fn redacted(value: &Value, secrets: &BTreeSet<String>) -> Value {
    let Value::Map(members) = value else { return value.clone() };
    let redact = |(name, value): (&String, &Value)| {
        let hide = secrets.contains(name) && !value.is_null() && !value.is_unknown();
        (name.clone(), if hide { REDACTED.into() } else { value.clone() })
    };
    Value::Map(members.iter().map(redact).collect::<BTreeMap<_, _>>())
}

/// What `work` gives, if it does within the time; the error says that it may go on.
pub(crate) async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, Duration> {
    match limit {
        None => Ok(work.await),
        Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
    }
}
