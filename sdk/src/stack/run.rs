//! One run of a verb.

use std::collections::{BTreeMap, BTreeSet};
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use framework::Value;

use super::{Error, Stack};
use crate::engine::plan::Preview;
use crate::engine::{Engine, Ledger, Plan, Settings};
use crate::event::{Event, REDACTED, Step, Summary};
use crate::program::Graph;
use crate::providers::Providers;
use crate::state::Counts;
use crate::{Error as StackError, Problem};

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
#[must_use = "nothing is run until it is awaited"]
pub struct Run<'a> {
    stack: &'a Stack,
    verb: Verb,
    settings: Settings,
    confirm: Option<Confirm>,
    plan: Option<Plan>,
    save: bool,
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
    /// What the program exports, as far as it is known. A secret is [`REDACTED`].
    pub exports: BTreeMap<String, Value>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// The plan of a preview that was asked to save it.
    pub plan: Option<Plan>,
}

impl<'a> Run<'a> {
    pub(super) fn new(stack: &'a Stack, verb: Verb) -> Self {
        Self { stack, verb, settings: Settings::default(), confirm: None, plan: None, save: false }
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

    /// Replaces this resource, changed or not.
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
        (self.stack.reporter)(&Event::Started { verb, stack });
        let reporter = Arc::clone(&self.stack.reporter);
        let outcome = match self.verb.clone() {
            Verb::Preview => self.preview().await,
            Verb::Up => self.up().await,
            Verb::Refresh => self.refresh().await,
            Verb::Destroy => self.destroy().await,
            Verb::Import { address, id } => self.import(&address, &id).await,
        };
        let counts = match &outcome {
            Ok(report) => report.counts,
            Err(StackError::Incomplete(report)) => report.counts,
            Err(_) => Counts::default(),
        };
        reporter(&Event::Ended { succeeded: outcome.is_ok(), counts, elapsed: began.elapsed() });
        outcome
    }

    fn engine(&self, graph: Graph, base: crate::state::State, providers: &Arc<Providers>) -> Arc<Engine> {
        let (providers, vault) = (Arc::clone(providers), self.stack.vault());
        let (reporter, settings) = (Arc::clone(&self.stack.reporter), self.settings.clone());
        let stopper = self.stack.stopper.clone();
        Arc::new(Engine::new(graph, base, providers, vault, reporter, stopper, settings))
    }

    async fn preview(self) -> Result<Report, Error> {
        let providers = self.stack.providers().await?;
        let graph = self.stack.declare(&providers).await?;
        let engine = self.engine(graph, self.stack.look()?, &providers);
        let preview = engine.preview().await;
        let plan = self.save.then(|| engine.save(self.stack.id.to_string(), &preview)).transpose();
        let plan = plan.map_err(|error| Error::Plan(error.to_string()))?;
        let mut report = report(&engine, preview).1;
        report.problems.extend(engine.stopped());
        finished(Report { plan, ..report })
    }

    async fn up(self) -> Result<Report, Error> {
        let providers = self.stack.providers().await?;
        let graph = self.stack.declare(&providers).await?;
        let ledger = self.stack.open("up").await?.ledger;
        let outcome = self.up_with(graph, &providers, &ledger).await;
        ended(&ledger, outcome).await
    }

    async fn up_with(&self, graph: Graph, providers: &Arc<Providers>, ledger: &Arc<Ledger>) -> Result<Report, Error> {
        self.recover(providers, ledger).await?;
        let engine = self.engine(graph, ledger.look(Clone::clone), providers);
        let preview = engine.preview().await;
        let saved = self.plan.as_ref().filter(|_| preview.problems.is_empty());
        let saved = saved.map(|plan| engine.within(&self.stack.id.to_string(), plan, &preview)).transpose()?;
        let (bounds, mut report) = report(&engine, preview);
        if !report.problems.is_empty() {
            return Err(Error::Refused(report.problems));
        }
        let keyless = engine.keyless(&bounds, &report.exports);
        if !keyless.is_empty() {
            return Err(Error::Refused(keyless));
        }
        self.ask(&report.summary)?;
        let (results, problems) = engine.apply(ledger, saved.unwrap_or(bounds)).await;
        report.problems.extend(problems);
        let outgoing = ledger.look(|state| {
            let outgoing = state.resources.values().filter(|resource| resource.outgoing);
            outgoing.filter(|resource| engine.chosen(&resource.address)).map(|resource| resource.id).collect::<Vec<_>>()
        });
        let removals: BTreeSet<u64> = engine.removals().into_iter().chain(outgoing).collect();
        report.problems.extend(engine.remove(ledger, removals).await);
        let (exports, problems) = engine.export(ledger, &results).await;
        report.exports = shown(exports);
        report.problems.extend(problems);
        report.problems.extend(engine.stopped());
        report.counts = ledger.counts();
        finished(report)
    }

    async fn refresh(self) -> Result<Report, Error> {
        let providers = self.stack.providers().await?;
        let ledger = self.stack.open("refresh").await?.ledger;
        let outcome = async {
            self.recover(&providers, &ledger).await?;
            let engine = self.engine(Graph::default(), ledger.look(Clone::clone), &providers);
            let (steps, mut problems) = engine.refresh(Some(&ledger)).await;
            problems.extend(engine.stopped());
            finished(Report { steps, problems, counts: ledger.counts(), ..Report::default() })
        };
        let outcome = outcome.await;
        ended(&ledger, outcome).await
    }

    async fn destroy(self) -> Result<Report, Error> {
        let providers = self.stack.providers().await?;
        // Only hooks need the program.
        let graph = match self.stack.declare(&providers).await {
            Ok(graph) => graph,
            Err(error) => {
                let text = format!("{error}; hooks are skipped");
                let severity = framework::Severity::Warning;
                (self.stack.reporter)(&Event::Message { severity, address: None, text });
                Graph::default()
            }
        };
        let ledger = self.stack.open("destroy").await?.ledger;
        let outcome = async {
            self.recover(&providers, &ledger).await?;
            let engine = self.engine(graph, ledger.look(Clone::clone), &providers);
            let (doomed, mut preview) = (engine.doomed(), Preview::default());
            engine.preview_removing(&doomed, &mut preview);
            engine.report(Event::PlanEnded { summary: preview.summary, refreshed: false });
            if !preview.problems.is_empty() {
                return Err(Error::Refused(preview.problems));
            }
            self.ask(&preview.summary)?;
            let mut problems = engine.remove(&ledger, doomed).await;
            problems.extend(engine.stopped());
            let empty = ledger.look(|state| state.resources.is_empty() && !state.exports.is_empty());
            if empty {
                ledger.change(vec![crate::state::Change::Exports(BTreeMap::new())]).await?;
            }
            let (summary, steps, counts) = (preview.summary, preview.steps, ledger.counts());
            finished(Report { summary, steps, counts, problems, ..Report::default() })
        };
        let outcome = outcome.await;
        ended(&ledger, outcome).await
    }

    async fn import(self, address: &str, id: &str) -> Result<Report, Error> {
        let providers = self.stack.providers().await?;
        let graph = match self.stack.declare(&providers).await {
            Ok(graph) => graph,
            // What a killed run was making is known without it.
            Err(_) if self.stack.look()?.pending.values().any(|pending| pending.address == address) => Graph::default(),
            Err(error) => return Err(error),
        };
        let ledger = self.stack.open("import").await?.ledger;
        let engine = self.engine(graph, ledger.look(Clone::clone), &providers);
        let problems = match engine.import(&ledger, address, id).await {
            Ok(()) => Vec::new(),
            Err(stopped) => {
                let diagnostics = stopped.diagnostics();
                engine.tell(Some(address), &diagnostics);
                vec![Problem { address: Some(address.to_owned()), location: None, diagnostics }]
            }
        };
        let steps = vec![(address.to_owned(), Step::Import)];
        let outcome =
            if problems.is_empty() { Ok(Report { steps, ..Report::default() }) } else { Err(Error::Refused(problems)) };
        ended(&ledger, outcome).await
    }

    /// Finds out what a killed run left. What only a person can decide ends this one.
    async fn recover(&self, providers: &Arc<Providers>, ledger: &Arc<Ledger>) -> Result<(), Error> {
        let engine = self.engine(Graph::default(), ledger.look(Clone::clone), providers);
        let problems = engine.recover(ledger).await;
        if problems.is_empty() { Ok(()) } else { Err(Error::Refused(problems)) }
    }

    fn ask(&self, summary: &Summary) -> Result<(), Error> {
        match &self.confirm {
            Some(confirm) if !summary.is_empty() && !confirm(summary) => Err(Error::Declined),
            _ => Ok(()),
        }
    }
}

impl<'a> IntoFuture for Run<'a> {
    type Output = Result<Report, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

fn report(engine: &Engine, preview: Preview) -> (crate::engine::Bounds, Report) {
    let Preview { bounds, summary, mut problems, steps, results } = preview;
    let (exports, more) = results.map(|results| engine.exports(&results)).unwrap_or_default();
    problems.extend(more);
    (bounds, Report { summary, steps, exports: shown(exports), problems, ..Report::default() })
}

fn shown(exports: Vec<(String, Value, bool)>) -> BTreeMap<String, Value> {
    let show = |(name, value, secret): (String, Value, bool)| {
        let hide = secret && !value.is_null() && !value.is_unknown();
        (name, if hide { REDACTED.into() } else { value })
    };
    exports.into_iter().map(show).collect()
}

fn finished(report: Report) -> Result<Report, Error> {
    if report.problems.is_empty() { Ok(report) } else { Err(Error::Incomplete(Arc::new(report))) }
}

/// Records how the update ended. That the end cannot be recorded is no worse than what went wrong before.
async fn ended(ledger: &Ledger, outcome: Result<Report, Error>) -> Result<Report, Error> {
    let recorded = ledger.finish(outcome.is_ok()).await;
    let report = outcome?;
    recorded?;
    Ok(report)
}
