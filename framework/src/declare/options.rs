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
    /// Inputs whose changes are passed over once it exists.
    pub ignore_changes: Vec<String>,
    /// Inputs whose changes replace it.
    pub replace_on_changes: Vec<String>,
    /// Whether it is removed before its replacement is made; otherwise after everything that uses it has moved on.
    pub delete_before_replace: bool,
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

    /// It comes after `other`, and is removed before it.
    #[must_use]
    pub fn depends_on(mut self, other: &impl References) -> Self {
        self.depends_on.push(other.node());
        self
    }

    /// Removing or replacing it is an error.
    #[must_use]
    pub fn protect(self) -> Self {
        Self { protect: true, ..self }
    }

    /// Changes of this input are passed over once it exists.
    #[must_use]
    pub fn ignore_changes(mut self, input: impl Into<String>) -> Self {
        self.ignore_changes.push(input.into());
        self
    }

    /// A change of this input replaces it.
    #[must_use]
    pub fn replace_on_changes(mut self, input: impl Into<String>) -> Self {
        self.replace_on_changes.push(input.into());
        self
    }

    /// It is removed before its replacement is made.
    #[must_use]
    pub fn delete_before_replace(self) -> Self {
        Self { delete_before_replace: true, ..self }
    }

    /// It stays in the world when it is removed from the program.
    #[must_use]
    pub fn retain_on_delete(self) -> Self {
        Self { retain_on_delete: true, ..self }
    }

    /// It vanishes with `other`, and is not removed on its own then.
    #[must_use]
    pub fn deleted_with(self, other: &impl References) -> Self {
        Self { deleted_with: Some(other.node()), ..self }
    }

    /// It had this name, or this address, before.
    #[must_use]
    pub fn alias(mut self, former: impl Into<String>) -> Self {
        self.aliases.push(former.into());
        self
    }

    /// It takes over the object that `id` names, unless it is recorded already.
    #[must_use]
    pub fn import(self, id: impl Into<String>) -> Self {
        Self { import: Some(id.into()), ..self }
    }

    /// How long its operations may take.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// Runs `run` at `moment`. A failing one before an operation keeps it from being done.
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

/// How long operations may take; absent is without end.
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
