//! How a declared resource is managed, whatever its type.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Node, References};
use crate::Value;

/// How a declared resource is managed.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Declarations that must be in place before this one, and be removed after it.
    pub depends_on: Vec<Node>,
    /// Whether removing and replacing it is an error.
    pub protect: bool,
    /// Inputs, or parts of them, whose changes are passed over once it exists.
    pub ignore_changes: Vec<String>,
    /// Attributes, or parts of them, whose changes replace it.
    pub replace_on_changes: Vec<String>,
    /// Whether it is removed before its replacement is made (`Some(true)`), or after everything that uses it has moved on
    /// (`Some(false)`). When absent, it is removed first if it was made only half-way, or if something that it was made with
    /// and that is replaced as well is removed first.
    pub delete_before_replace: Option<bool>,
    /// Whether it stays in the world when it is removed from the program.
    pub retain_on_delete: bool,
    /// The declaration with which it vanishes by itself.
    pub deleted_with: Option<Node>,
    /// Names or addresses that it had before.
    pub aliases: Vec<String>,
    /// The id of the existing object that it takes over instead of making one.
    pub import: Option<String>,
    /// How long its operations may take.
    pub timeouts: Timeouts,
    /// What runs before and after its operations.
    pub hooks: Vec<Hook>,
    /// The provider instance that manages it; the provider of its type when absent.
    pub provider: Option<String>,
}

impl Options {
    /// Nothing out of the ordinary.
    pub fn new() -> Self {
        Self::default()
    }

    /// It comes after `other`, and is removed before it. A component stands for all its parts. A data source is read once `other` is
    /// in place, so while the plan changes that, what it gives is unknown.
    #[must_use]
    pub fn depends_on(mut self, other: &impl References) -> Self {
        self.depends_on.push(other.node());
        self
    }

    /// Removing or replacing it is an error, and the plan is refused. What is recorded counts as well, so taking this back takes a
    /// run before the one that removes or replaces it.
    #[must_use]
    pub fn protect(self) -> Self {
        Self { protect: true, ..self }
    }

    /// Changes of this input are passed over once it exists: it keeps the value that is recorded.
    ///
    /// A part of an input is named as `labels["team"]`, `spec.replicas`, `steps[0].image`, or `steps[*].image` for all
    /// elements; `*` is every input. Elements of sets have no name: only the whole set can be passed over.
    #[must_use]
    pub fn ignore_changes(mut self, input: impl Into<String>) -> Self {
        self.ignore_changes.push(input.into());
        self
    }

    /// A change of this attribute, or of a part of it, replaces it. Parts are named as in [`Options::ignore_changes`].
    #[must_use]
    pub fn replace_on_changes(mut self, input: impl Into<String>) -> Self {
        self.replace_on_changes.push(input.into());
        self
    }

    /// It is removed before its replacement is made. What was made with it and must be replaced too is removed before it, unless
    /// that says [`Options::create_before_delete`]; what only changes is changed afterwards.
    #[must_use]
    pub fn delete_before_replace(self) -> Self {
        Self { delete_before_replace: Some(true), ..self }
    }

    /// Its replacement is made before it is removed, whatever else is known of it.
    #[must_use]
    pub fn create_before_delete(self) -> Self {
        Self { delete_before_replace: Some(false), ..self }
    }

    /// It stays in the world when it is removed from the program, and when it is replaced.
    #[must_use]
    pub fn retain_on_delete(self) -> Self {
        Self { retain_on_delete: true, ..self }
    }

    /// It vanishes with `other`: when that is removed, this one is not removed on its own, unless it needs something that must be gone
    /// before `other`; and when that is replaced, this one is made anew. When that stays in the world, as
    /// [`Options::retain_on_delete`] says, so does this one.
    #[must_use]
    pub fn deleted_with(self, other: &impl References) -> Self {
        Self { deleted_with: Some(other.node()), ..self }
    }

    /// It had this name before (`ci`), this name with its type (`devopsflow_pipeline.ci`), or this address
    /// (`web/devopsflow_pipeline.ci`). The name of a component that changed is its own to tell: its parts need no alias for that.
    /// Nothing happens to an alias that names a resource of another type, or one that is declared as well.
    #[must_use]
    pub fn alias(mut self, former: impl Into<String>) -> Self {
        self.aliases.push(former.into());
        self
    }

    /// It takes over the object that `id` names, unless it is recorded already. Where the object differs from what is declared it is
    /// changed; if it would have to be replaced, the plan is refused.
    #[must_use]
    pub fn import(self, id: impl Into<String>) -> Self {
        Self { import: Some(id.into()), ..self }
    }

    /// How long its operations may take.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// Runs `run` at `moment`, on a thread where it may block. Hooks of one moment run in the order in which they were added.
    ///
    /// One that fails before an operation keeps it from being done. One that fails after it undoes nothing: the operation is
    /// recorded, the run fails, what needs the resource is not begun in this run, and the hook is not run again. A run that is
    /// killed may run the same hook again the next time. A replacement is a creation and a removal. Hooks are not recorded: for a
    /// resource that is no longer declared they are skipped, with a warning.
    #[must_use]
    pub fn hook<E: fmt::Display>(
        mut self,
        moment: Moment,
        run: impl Fn(&Subject<'_>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let run = move |subject: &Subject<'_>| run(subject).map_err(|error| error.to_string());
        self.hooks.push(Hook { moment, run: Arc::new(run) });
        self
    }

    /// The provider instance of this name manages it.
    #[must_use]
    pub fn provider(self, instance: impl Into<String>) -> Self {
        Self { provider: Some(instance.into()), ..self }
    }
}

/// How long operations may take; absent is without end. What takes longer is given up: what it did is not known, its entry stays
/// pending, and what needs the resource is not begun. The next run asks the provider what became of it, or says what to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Making it.
    pub create: Option<Duration>,
    /// Changing it.
    pub update: Option<Duration>,
    /// Removing it.
    pub delete: Option<Duration>,
}

/// When a [`Hook`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it is made.
    BeforeCreate,
    /// After it was made.
    AfterCreate,
    /// Before it is changed.
    BeforeUpdate,
    /// After it was changed.
    AfterUpdate,
    /// Before it is removed.
    BeforeDelete,
    /// After it was removed.
    AfterDelete,
}

/// What a hook is told.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The address of the resource.
    pub address: &'a str,
    /// Its recorded state; null when there is none yet, or no more.
    pub state: &'a Value,
}

type Run = Arc<dyn Fn(&Subject<'_>) -> Result<(), String> + Send + Sync>;

/// Something of the program that runs beside an operation.
#[derive(Clone)]
pub struct Hook {
    /// When it runs.
    pub moment: Moment,
    /// What runs.
    pub run: Run,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("moment", &self.moment).finish_non_exhaustive()
    }
}
