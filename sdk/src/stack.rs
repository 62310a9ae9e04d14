//! A stack as a library: what the command line does, for programs that do it themselves.

mod end;
mod error;
mod rewrite;
mod run;
mod secrets;
mod session;
mod state_ops;
mod stopper;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::Reporter;
use crate::program::{Program, Result as ProgramResult, Setting};
use crate::providers::Source;
use crate::secrets::{KeyHolder, Redactor, Sealed, Secret};
use crate::store::{Clock, DirectoryStore, Store, system_clock};
use crate::vault::Keyring;
use crate::{InvalidName, Scope, StackId};

pub use error::Error;
pub use rewrite::Rewrite;
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
    config: BTreeMap<String, Setting>,
    keyring: Keyring,
    redactor: Arc<Redactor>,
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
            keyring: Keyring::default(),
            redactor: Arc::default(),
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

    /// Gives it a setting, in place of an earlier one of that name.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.insert(key.into(), Setting::Plain(value.into()));
        self
    }

    /// Gives it a setting that [`Stack::seal_setting`] sealed. Programs get it by [`Scope::secret`].
    #[must_use]
    pub fn sealed_config(mut self, key: impl Into<String>, sealed: Sealed) -> Self {
        self.config.insert(key.into(), Setting::Sealed(sealed));
        self
    }

    /// Opens and wraps the key of its secrets with this, beside what the environment gives (`DEVOPSFLOW_PASSPHRASE`,
    /// `DEVOPSFLOW_PASSPHRASE_FILE`, and `DEVOPSFLOW_AGE_IDENTITY` with the feature `age`). May be repeated.
    #[must_use]
    pub fn key_holder(mut self, holder: impl KeyHolder + 'static) -> Self {
        self.keyring.holders.push(Arc::new(holder));
        self
    }

    /// Asks this for a passphrase when one is needed that nothing gives. It is called on a thread that may block.
    #[must_use]
    pub fn prompt(mut self, ask: impl Fn(&str) -> std::io::Result<Secret<String>> + Send + Sync + 'static) -> Self {
        self.keyring.ask = Some(Arc::new(ask));
        self
    }

    /// Tells every event to this, without the secrets that the run knows.
    #[must_use]
    pub fn reporter(self, reporter: impl Fn(&crate::Event) + Send + Sync + 'static) -> Self {
        let redactor = Arc::clone(&self.redactor);
        Self { reporter: Arc::new(move |event| reporter(&event.redacted(&redactor))), ..self }
    }

    /// What takes its secrets out of texts: it knows those that runs of this stack and of its clones came across.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
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

    /// Makes the world what the program declares. When there is nothing to do, nothing is recorded.
    pub fn up(&self) -> Run<'_> {
        Run::new(self, run::Verb::Up)
    }

    /// Records what the world is. It does not run the program: providers are those that are recorded, and those of the stack.
    pub fn refresh(&self) -> Run<'_> {
        Run::new(self, run::Verb::Refresh)
    }

    /// Removes everything that is recorded. The program is run for its hooks; when it fails, they are skipped with a warning.
    pub fn destroy(&self) -> Run<'_> {
        Run::new(self, run::Verb::Destroy)
    }

    /// Takes the existing object that `id` names into the state, as the resource at `address`, which the program declares or a
    /// killed run was making. The next [`Stack::up`] changes the object where it differs from what is declared.
    pub fn import(&self, address: impl Into<String>, id: impl Into<String>) -> Run<'_> {
        Run::new(self, run::Verb::Import { address: address.into(), id: id.into() })
    }
}
