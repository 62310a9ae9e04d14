//! One run of a verb.

mod verbs;

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use framework::Value;

use super::{Error, Stack};
use crate::engine::{Plan, Settings};
use crate::event::{Event, Step, Summary};
use crate::state::Counts;
use crate::vault::Vault;
use crate::{Problem, redact};

pub(super) use verbs::ended;

/// What is run.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Preview,
    Up,
    Refresh,
    Destroy,
    Import { address: String, id: String },
}

impl Verb {
    fn name(&self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Up => "up",
            Self::Refresh => "refresh",
            Self::Destroy => "destroy",
            Self::Import { .. } => "import",
        }
    }
}

type Confirm = Arc<dyn Fn(&Summary) -> bool + Send + Sync>;

/// A verb that is about to be run; awaiting it runs it.
///
/// ```
/// # use devopsflow::{Error, Stack};
/// # async fn example(stack: &Stack) -> Result<(), Error> {
/// // Says what `up` would do to one resource and what that needs, after a look at the world.
/// let report = stack.preview().with_refresh().target("devopsflow_pipeline.ci").save().await?;
/// for (address, step) in &report.steps {
///     println!("{step} {address}");
/// }
/// // Does at most that, unless somebody objects.
/// let plan = report.plan.expect("it was asked for");
/// stack.up().with_refresh().target("devopsflow_pipeline.ci").plan(plan).confirm(|summary| summary.delete == 0).await?;
/// # Ok(()) }
/// ```
///
/// Dropping the future of a run is like killing its process; [`Stack::stopper`] stops it in order.
#[must_use = "nothing is run until it is awaited"]
pub struct Run<'a> {
    stack: &'a Stack,
    verb: Verb,
    settings: Settings,
    confirm: Option<Confirm>,
    plan: Option<Plan>,
    save: bool,
    vault: Arc<Vault>,
}

/// What was planned and done.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What the plan says.
    pub summary: Summary,
    /// What it does to which address; those that stay as they are are left out.
    pub steps: Vec<(String, Step)>,
    /// What was done.
    pub counts: Counts,
    /// What the program exports, as far as it is known. A secret is [`REDACTED`](crate::event::REDACTED).
    pub exports: BTreeMap<String, Value>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// The plan of a preview that was asked to save it.
    pub plan: Option<Plan>,
}

impl<'a> Run<'a> {
    pub(super) fn new(stack: &'a Stack, verb: Verb) -> Self {
        Self {
            stack,
            verb,
            settings: Settings::default(),
            confirm: None,
            plan: None,
            save: false,
            vault: stack.vault(),
        }
    }

    /// Looks at the world, and not only at what is recorded.
    pub fn with_refresh(mut self) -> Self {
        self.settings.refresh = true;
        self
    }

    /// Confines it to this address, or the component there, with what that needs.
    pub fn target(mut self, address: impl Into<String>) -> Self {
        self.settings.targets.insert(address.into());
        self
    }

    /// Leaves this address, or the component there, alone.
    pub fn exclude(mut self, address: impl Into<String>) -> Self {
        self.settings.excludes.insert(address.into());
        self
    }

    /// Replaces this resource, or all of the component there, changed or not.
    pub fn replace(mut self, address: impl Into<String>) -> Self {
        self.settings.replaces.insert(address.into());
        self
    }

    /// Does at most this many operations at once.
    pub fn parallel(mut self, operations: usize) -> Self {
        self.settings.parallel = operations.max(1);
        self
    }

    /// Does at most what this plan says.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Gives the plan in [`Report::plan`], for a later `up`.
    pub fn save(mut self) -> Self {
        self.save = true;
        self
    }

    /// Asks this before anything is changed.
    pub fn confirm(mut self, confirm: impl Fn(&Summary) -> bool + Send + Sync + 'static) -> Self {
        self.confirm = Some(Arc::new(confirm));
        self
    }

    async fn run(self) -> Result<Report, Error> {
        let began = Instant::now();
        let (verb, stack) = (self.verb.name(), self.stack.id.to_string());
        let own = self.stack;
        (own.reporter)(&Event::Started { verb, stack, parallel: self.settings.parallel });
        let outcome = match self.verb.clone() {
            Verb::Preview => self.preview().await,
            Verb::Up => self.up().await,
            Verb::Refresh => self.refresh().await,
            Verb::Destroy => self.destroy().await,
            Verb::Import { address, id } => self.import(&address, &id).await,
        };
        let outcome = match outcome {
            Ok(report) => Ok(redact::report(report, &own.redactor)),
            Err(error) => Err(redact::error(error, &own.redactor)),
        };
        own.tell_ended(&outcome, began.elapsed());
        outcome
    }
}

impl<'a> IntoFuture for Run<'a> {
    type Output = Result<Report, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
