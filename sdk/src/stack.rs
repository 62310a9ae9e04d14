//! A stack as a library: what the command line does, for programs that do it themselves.

mod error;
mod run;
mod session;
mod state_ops;
mod stopper;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::Reporter;
use crate::program::{Program, Result as ProgramResult};
use crate::providers::Source;
use crate::store::{Clock, DirectoryStore, Store, system_clock};
use crate::vault::Sealer;
use crate::{InvalidName, Scope, StackId};

pub use error::Error;
pub use run::{Report, Run};
pub use stopper::Stopper;

/// A stack: a program, the name of one of its instances, and where its state is kept.
///
/// ```
/// # use devopsflow::{Stack, store::MemoryStore};
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stack = Stack::new("shop", "dev", |scope| {
///     scope.export::<String>("greeting", "hello");
///     Ok(())
/// })?
/// .store(MemoryStore::new());
/// assert!(stack.preview().await?.summary.is_empty());
/// let report = stack.up().await?;
/// assert_eq!(report.exports["greeting"].as_str(), Some("hello"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Stack {
    id: StackId,
    program: Arc<Program>,
    store: Arc<dyn Store>,
    sources: BTreeMap<String, Source>,
    config: BTreeMap<String, String>,
    sealer: Option<Arc<dyn Sealer>>,
    reporter: Reporter,
    stopper: Stopper,
    clock: Clock,
}

impl Stack {
    /// The stack `stack` of `project`, kept in `.devopsflow` of the current directory.
    pub fn new(
        project: &str,
        stack: &str,
        program: impl Fn(&mut Scope) -> ProgramResult<()> + Send + Sync + 'static,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            id: StackId::new(project, stack)?,
            program: Arc::new(program),
            store: Arc::new(DirectoryStore::new(".devopsflow")),
            sources: BTreeMap::from([("devopsflow".to_owned(), Source::devopsflow())]),
            config: BTreeMap::new(),
            sealer: None,
            reporter: Arc::new(|_| ()),
            stopper: Stopper::default(),
            clock: system_clock(),
        })
    }

    /// Keeps its state there.
    #[must_use]
    pub fn store(self, store: impl Store + 'static) -> Self {
        Self { store: Arc::new(store), ..self }
    }

    /// Has this provider under a name. Types belong to the provider of their first word unless a declaration names another.
    #[must_use]
    pub fn provider(mut self, name: impl Into<String>, source: Source) -> Self {
        self.sources.insert(name.into(), source);
        self
    }

    /// Gives it a setting.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.insert(key.into(), value.into());
        self
    }

    /// Seals its secrets with this key.
    #[must_use]
    pub fn sealer(self, sealer: impl Sealer + 'static) -> Self {
        Self { sealer: Some(Arc::new(sealer)), ..self }
    }

    /// Tells every event to this.
    #[must_use]
    pub fn reporter(self, reporter: impl Fn(&crate::Event) + Send + Sync + 'static) -> Self {
        Self { reporter: Arc::new(reporter), ..self }
    }

    /// Stops the runs of this stack and of its clones, from anywhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Which stack it is.
    pub fn id(&self) -> &StackId {
        &self.id
    }

    /// Says what `up` would do. Changes nothing.
    pub fn preview(&self) -> Run<'_> {
        Run::new(self, run::Verb::Preview)
    }

    /// Makes the world what the program declares.
    pub fn up(&self) -> Run<'_> {
        Run::new(self, run::Verb::Up)
    }

    /// Records what the world is.
    pub fn refresh(&self) -> Run<'_> {
        Run::new(self, run::Verb::Refresh)
    }

    /// Removes everything that is recorded.
    pub fn destroy(&self) -> Run<'_> {
        Run::new(self, run::Verb::Destroy)
    }

    /// Takes the existing object that `id` names into the state, as the resource at `address`.
    pub fn import(&self, address: impl Into<String>, id: impl Into<String>) -> Run<'_> {
        Run::new(self, run::Verb::Import { address: address.into(), id: id.into() })
    }
}
