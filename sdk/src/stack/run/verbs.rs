//! What each verb of a [`Run`] does.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use framework::{Severity, Value};

use super::{Report, Run};
use crate::engine::export::Export;
use crate::engine::preview::Preview;
use crate::engine::{Bounds, Engine, Ledger, Plan};
use crate::event::{Event, REDACTED, Step, Summary};
use crate::program::Graph;
use crate::providers::{Pool, Providers, Recorded};
use crate::state::{Change, State};
use crate::{Error, Problem};

impl Run<'_> {
    fn engine(&self, graph: Graph, base: State, providers: &Arc<Providers>) -> Arc<Engine> {
        let (providers, vault) = (Arc::clone(providers), Arc::clone(&self.vault));
        vault.see(base.secrets.as_ref());
        let (reporter, settings) = (Arc::clone(&self.stack.reporter), self.settings.clone());
        let stopper = self.stack.stopper.clone();
        Arc::new(Engine::new(graph, base, providers, vault, reporter, stopper, settings))
    }

    /// What the program makes up things of: the same as when the plan was saved.
    fn seed(&self) -> u64 {
        self.plan.as_ref().map_or_else(|| RandomState::new().hash_one(()), Plan::seed)
    }

    /// What a preview finds, with the engine that can say more about it than a report does.
    pub(crate) async fn plans(&self, seed: u64) -> Result<(Arc<Engine>, Preview), Error> {
        let pool = self.stack.pool();
        let graph = self.stack.declare(&pool, &self.vault, seed).await?;
        let mut base = self.stack.look()?;
        self.vault.see(base.secrets.as_ref());
        let recorded = Recorded::of(&base);
        let providers = self.stack.providers(&pool, &graph, &recorded, &self.vault).await?;
        // A preview records nothing, so it needs no key for what could not be recorded.
        let news = pool.news(&recorded, &self.vault).await.unwrap_or_default();
        base.change_all(&news.changes(&base));
        let engine = self.engine(graph, base, &providers);
        let preview = engine.preview().await;
        Ok((engine, preview))
    }

    pub(super) async fn preview(self) -> Result<Report, Error> {
        let (seed, stack) = (self.seed(), self.stack.id.to_string());
        let (engine, preview) = self.plans(seed).await?;
        let (exports, problems) = exports(&engine, &preview);
        let save = self.save && preview.problems.is_empty();
        let plan = if save { Some(engine.save(stack, seed, &preview, &exports).await?) } else { None };
        let mut report = report(preview, exports, problems).1;
        report.problems.extend(engine.stopped());
        finished(Report { plan, ..report })
    }

    pub(super) async fn up(self) -> Result<Report, Error> {
        let (pool, seed) = (self.stack.pool(), self.seed());
        let graph = self.stack.declare(&pool, &self.vault, seed).await?;
        let ledger = self.stack.open("up", Some(seed)).await?;
        let outcome = self.up_with(graph, &pool, &ledger).await;
        ended(&ledger, outcome).await
    }

    async fn up_with(&self, graph: Graph, pool: &Pool, ledger: &Arc<Ledger>) -> Result<Report, Error> {
        let providers = &self.stack.start_and_record(&graph, pool, ledger, &self.vault).await?;
        self.recover(providers, ledger).await?;
        let engine = self.engine(graph, ledger.look(Clone::clone), providers);
        let mut preview = engine.preview().await;
        let (exports, problems) = exports(&engine, &preview);
        let saved = self.plan.as_ref().filter(|_| preview.problems.is_empty());
        let saved = match saved {
            Some(plan) => Some(engine.bounds_of(&self.stack.id.to_string(), plan, &preview, &exports).await?),
            None => None,
        };
        let secret_exports = exports.iter().filter(|export| export.secret).cloned().collect::<Vec<_>>();
        let secrets = std::mem::take(&mut preview.secrets);
        let (bounds, mut report) = report(preview, exports, problems);
        if !report.problems.is_empty() {
            return Err(Error::Refused(report.problems));
        }
        let new_key = engine.key_for(&secrets, &secret_exports).await.map_err(Error::Refused)?;
        self.ask(report.summary).await?;
        if let Some(header) = new_key {
            ledger.change(vec![Change::Secrets(Box::new(header))]).await?;
        }
        let (results, problems) = engine.apply(ledger, saved.unwrap_or(bounds)).await;
        report.problems.extend(problems);
        let outgoing = ledger.look(|state| {
            let outgoing = state.resources.values().filter(|resource| resource.outgoing);
            outgoing.filter(|resource| engine.chosen(&resource.address)).map(|resource| resource.id).collect::<Vec<_>>()
        });
        let removals: BTreeSet<u64> = engine.removals().0.into_iter().chain(outgoing).collect();
        report.problems.extend(engine.remove(ledger, removals).await);
        let (exports, problems) = engine.export(ledger, &results).await;
        report.exports = shown(exports);
        report.problems.extend(problems);
        report.problems.extend(engine.stopped());
        report.counts = ledger.counts();
        finished(report)
    }

    /// The providers of what is recorded.
    async fn recorded_providers(&self, pool: &Pool, ledger: &Ledger) -> Result<Arc<Providers>, Error> {
        let (recorded, key) = ledger.look(|state| (Recorded::of(state), state.secrets.clone()));
        self.vault.see(key.as_ref());
        self.stack.providers(pool, &Graph::default(), &recorded, &self.vault).await
    }

    pub(super) async fn refresh(self) -> Result<Report, Error> {
        let ledger = self.stack.open("refresh", None).await?;
        let outcome = async {
            let providers = self.recorded_providers(&self.stack.pool(), &ledger).await?;
            self.recover(&providers, &ledger).await?;
            let engine = self.engine(Graph::default(), ledger.look(Clone::clone), &providers);
            let strangers = engine.strangers();
            if !strangers.is_empty() {
                return Err(Error::Refused(strangers));
            }
            let (steps, mut problems) = engine.refresh(&ledger).await;
            problems.extend(engine.stopped());
            finished(Report { steps, problems, counts: ledger.counts(), ..Report::default() })
        };
        let outcome = outcome.await;
        ended(&ledger, outcome).await
    }

    pub(super) async fn destroy(self) -> Result<Report, Error> {
        let pool = self.stack.pool();
        // Only hooks need the program, and what it says of providers.
        let graph = match self.stack.declare(&pool, &self.vault, self.seed()).await {
            Ok(graph) => graph,
            Err(error) => {
                self.stack.say(Severity::Warning, format!("{error}; hooks are skipped"));
                Graph::default()
            }
        };
        let ledger = self.stack.open("destroy", None).await?;
        let outcome = async {
            let providers = self.recorded_providers(&pool, &ledger).await?;
            self.recover(&providers, &ledger).await?;
            let engine = self.engine(graph, ledger.look(Clone::clone), &providers);
            let (doomed, mut preview) = (engine.doomed(), Preview::default());
            preview.problems = engine.strangers();
            engine.preview_removing(&doomed, &mut preview);
            engine.report(Event::PlanEnded { summary: preview.summary, refreshed: false });
            if !preview.problems.is_empty() {
                return Err(Error::Refused(preview.problems));
            }
            self.ask(preview.summary).await?;
            let mut problems = engine.remove(&ledger, doomed).await;
            problems.extend(engine.stopped());
            ledger.change(ledger.look(leftovers)).await?;
            let (summary, steps, counts) = (preview.summary, preview.steps, ledger.counts());
            finished(Report { summary, steps, counts, problems, ..Report::default() })
        };
        let outcome = outcome.await;
        ended(&ledger, outcome).await
    }

    pub(super) async fn import(self, address: &str, id: &str) -> Result<Report, Error> {
        let pool = self.stack.pool();
        let graph = match self.stack.declare(&pool, &self.vault, self.seed()).await {
            Ok(graph) => graph,
            // What a killed run was making is known without it.
            Err(_) if self.stack.look()?.pending.values().any(|pending| pending.address == address) => Graph::default(),
            Err(error) => return Err(error),
        };
        let ledger = self.stack.open("import", None).await?;
        let outcome = self.import_with(graph, &pool, &ledger, address, id).await;
        ended(&ledger, outcome).await
    }

    async fn import_with(
        &self,
        graph: Graph,
        pool: &Pool,
        ledger: &Arc<Ledger>,
        address: &str,
        id: &str,
    ) -> Result<Report, Error> {
        let providers = self.stack.start_and_record(&graph, pool, ledger, &self.vault).await?;
        let engine = self.engine(graph, ledger.look(Clone::clone), &providers);
        let problems = match engine.import(ledger, address, id).await {
            Ok(true) => Vec::new(),
            Ok(false) => return Err(Error::Stopped),
            Err(stopped) => {
                let diagnostics = stopped.diagnostics();
                engine.tell(Some(address), &diagnostics);
                vec![Problem { address: Some(address.to_owned()), location: None, diagnostics }]
            }
        };
        let steps = vec![(address.to_owned(), Step::Import)];
        if problems.is_empty() { Ok(Report { steps, ..Report::default() }) } else { Err(Error::Refused(problems)) }
    }

    /// Finds out what a killed run left. What only a person can decide ends this one.
    async fn recover(&self, providers: &Arc<Providers>, ledger: &Arc<Ledger>) -> Result<(), Error> {
        if ledger.look(|state| state.pending.is_empty()) {
            return Ok(());
        }
        let engine = self.engine(Graph::default(), ledger.look(Clone::clone), providers);
        let problems = engine.recover(ledger).await;
        if problems.is_empty() { self.stack.stopper.check() } else { Err(Error::Refused(problems)) }
    }

    async fn ask(&self, summary: Summary) -> Result<(), Error> {
        match &self.confirm {
            Some(confirm) if !summary.is_empty() => {
                let confirm = Arc::clone(confirm);
                self.stack.stopper.ask(move || confirm(&summary)).await
            }
            _ => Ok(()),
        }
    }
}

/// What a program exports, as far as a preview knows it.
fn exports(engine: &Engine, preview: &Preview) -> (Vec<Export>, Vec<Problem>) {
    preview.results.as_ref().map(|results| engine.exports(results)).unwrap_or_default()
}

fn report(preview: Preview, exports: Vec<Export>, more: Vec<Problem>) -> (Bounds, Report) {
    let Preview { bounds, summary, mut problems, steps, .. } = preview;
    problems.extend(more);
    (bounds, Report { summary, steps, exports: shown(exports), problems, ..Report::default() })
}

fn shown(exports: Vec<Export>) -> BTreeMap<String, Value> {
    let show = |Export { name, value, secret }| {
        let hide = secret && !value.is_null() && !value.is_unknown();
        (name, if hide { REDACTED.into() } else { value })
    };
    exports.into_iter().map(show).collect()
}

/// What is recorded for nobody once no resource is.
fn leftovers(state: &State) -> Vec<Change> {
    let empty = state.resources.is_empty();
    let exports = (empty && !state.exports.is_empty()).then(|| Change::Exports(BTreeMap::new()));
    let providers = (empty && !state.providers.is_empty()).then(|| Change::Providers(BTreeMap::new()));
    exports.into_iter().chain(providers).collect()
}

fn finished(report: Report) -> Result<Report, Error> {
    if report.problems.is_empty() { Ok(report) } else { Err(Error::Incomplete(Arc::new(report))) }
}

/// Records how the update ended. That the end cannot be recorded is no worse than what went wrong before.
pub(in crate::stack) async fn ended<T>(ledger: &Ledger, outcome: Result<T, Error>) -> Result<T, Error> {
    let recorded = ledger.finish(outcome.is_ok()).await;
    let done = outcome?;
    recorded?;
    Ok(done)
}
