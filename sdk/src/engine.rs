//! The engine: plans what a graph needs, and does it.
//!
//! It reads a copy of the state that was made at the start, and hands changes to the [`Recorder`](crate::recorder).

pub(crate) mod apply;
mod bound;
mod evaluate;
pub(crate) mod export;
mod groups;
mod hidden;
mod hooks;
pub(crate) mod import;
mod key;
mod ledger;
mod load;
mod operate;
mod pattern;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod recover;
pub(crate) mod refresh;
pub(crate) mod remove;
mod resource;
mod saved;
mod select;
pub(crate) mod subject;
mod vacate;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use framework::{Diagnostic, Diagnostics, Severity, Value};

use crate::event::{Event, Reporter, Step};
use crate::program::Graph;
use crate::providers::Providers;
use crate::stack::Stopper;
use crate::state::{Resource, State};
use crate::sync::lock;
use crate::vault::Vault;

pub(crate) use bound::Bounds;
pub(crate) use ledger::Ledger;
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
    /// What happens to it in this run; none for what is not operated on.
    pub(crate) step: Option<Step>,
}

impl Given {
    /// Nothing that is known yet.
    pub(crate) fn unknown() -> Self {
        Self { value: Value::UNKNOWN, secrets: BTreeSet::new(), ids: Vec::new(), failed: None, step: None }
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
    /// For every node, those that need it.
    pub(crate) users: Vec<Vec<usize>>,
    /// For every node, the attributes of it that others and exports refer to; all when none.
    pub(crate) uses: Vec<Option<BTreeSet<String>>>,
    /// What was recorded when the run began.
    pub(crate) base: State,
    /// For every node, the recorded resource that it continues.
    pub(crate) priors: Vec<Option<u64>>,
    /// The recorded resources whose objects may not be what is recorded.
    pub(crate) doubtful: BTreeSet<u64>,
    /// For every node, whether it is operated on.
    pub(crate) selected: Vec<bool>,
    pub(crate) providers: Arc<Providers>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) reporter: Reporter,
    pub(crate) stopper: Stopper,
    pub(crate) settings: Settings,
    /// The warnings that the user was told, with their addresses.
    warned: Mutex<HashSet<(Option<String>, String)>>,
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
        let doubtful = select::doubtful(&base);
        let selected = select::selected(&graph, &edges, &settings);
        Self {
            users: walk::users(&edges),
            uses: graph.uses(),
            graph,
            nodes,
            edges,
            base,
            priors,
            doubtful,
            selected,
            providers,
            vault,
            reporter,
            stopper,
            settings,
            warned: Mutex::default(),
        }
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

    pub(crate) fn report(&self, event: Event) {
        (self.reporter)(&event);
    }

    /// Tells the user what a provider said about a resource. A plan is made twice, and what it warns of is told once.
    pub(crate) fn tell(&self, address: Option<&str>, diagnostics: &Diagnostics) {
        for diagnostic in diagnostics {
            let text = diagnostic.to_string();
            let text = text.split_once(": ").map_or(text.as_str(), |(_, text)| text).to_owned();
            let (severity, address) = (diagnostic.severity, address.map(str::to_owned));
            let is_new = || lock(&self.warned).insert((address.clone(), text.clone()));
            if severity == Severity::Error || is_new() {
                let location = address.as_deref().and_then(|address| self.location(address));
                self.report(Event::Message { severity, address, location, text });
            }
        }
    }

    pub(crate) fn warn(&self, address: &str, text: impl Into<String>) {
        let (location, address) = (self.location(address), Some(address.to_owned()));
        self.report(Event::Message { severity: Severity::Warning, address, location, text: text.into() });
    }

    /// Where a resource is declared, as `file:line`: in the program, or else when it was recorded.
    fn location(&self, address: &str) -> Option<String> {
        let declared = self.nodes.get(address).map(|node| self.graph.nodes[*node].location());
        let recorded = || self.base.live(address).map(|resource| resource.location.clone());
        declared.or_else(recorded).filter(|location| !location.is_empty())
    }

    pub(crate) fn results(&self) -> Results {
        Arc::new(std::iter::repeat_with(OnceLock::new).take(self.graph.nodes.len()).collect())
    }

    /// The recorded resource that a node continues.
    pub(crate) fn prior(&self, node: usize) -> Option<&Resource> {
        self.priors[node].map(|id| &self.base.resources[&id])
    }

    /// A problem with a node, told to the user.
    pub(crate) fn problem(&self, node: usize, diagnostics: Diagnostics) -> Problem {
        let node = &self.graph.nodes[node];
        self.tell(Some(&node.address), &diagnostics);
        Problem { address: Some(node.address.clone()), location: Some(node.location()), diagnostics }
    }
}
