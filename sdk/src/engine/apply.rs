//! Does what a plan allows, node by node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use framework::declare::{Declaration, Kind, Moment};
use framework::host::{Change, Object};
use framework::{Diagnostic, Diagnostics, Value, json};

use super::load::vault_error;
use super::operate::{Stopped, Task};
use super::plan::{Found, Planned, lock};
use super::walk::walk;
use super::{Bounds, Engine, Given, Ledger, Problem, Results, hooks};
use crate::event::{Event, Step};
use crate::state::{self, Operation, Resource};

impl Engine {
    /// Brings everything that is declared to what `bounds` allow, and gives what the nodes gave. What can go on after a
    /// failure does.
    pub(crate) async fn apply(self: &Arc<Self>, ledger: &Arc<Ledger>, bounds: Bounds) -> (Results, Vec<Problem>) {
        let (results, bounds) = (self.results(), Arc::new(bounds));
        let (problems, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        self.tell_waiting(&bounds);
        walk(&self.edges, self.settings.parallel, |node| {
            let (engine, ledger, results) = (Arc::clone(self), Arc::clone(ledger), Arc::clone(&results));
            let (bounds, problems, ended) = (Arc::clone(&bounds), Arc::clone(&problems), Arc::clone(&ended));
            async move {
                let address = &engine.graph.nodes[node].address;
                if ended.load(Ordering::SeqCst) {
                    let _ = results[node].set(Given::failed("the state cannot be written"));
                    return;
                }
                if engine.stopper.is_stopping() {
                    if engine.selected[node] && bounds.contains_key(address) {
                        ledger.count(|counts| counts.skipped += 1);
                    }
                    let _ = results[node].set(Given::failed("the run was stopped"));
                    return;
                }
                let given = match engine.apply_node(node, &ledger, &results, &bounds).await {
                    Ok(given) => {
                        if given.failed.is_some() && engine.selected[node] {
                            ledger.count(|counts| counts.skipped += 1);
                        }
                        given
                    }
                    Err(stopped) => {
                        ended.fetch_or(matches!(stopped, Stopped::Record(_)), Ordering::SeqCst);
                        lock(&problems).push(engine.failed(node, stopped));
                        Given::failed(format!("{address} failed"))
                    }
                };
                let _ = results[node].set(given);
            }
        })
        .await;
        let problems = std::mem::take(&mut *lock(&problems));
        (results, problems)
    }

    /// Says which operations wait for which others.
    fn tell_waiting(&self, bounds: &Bounds) {
        for (node, needed) in self.graph.nodes.iter().zip(&self.edges) {
            let needed = needed.iter().map(|needed| &self.graph.nodes[*needed].address);
            let on: Vec<String> = needed.filter(|address| bounds.contains_key(*address)).cloned().collect();
            if !on.is_empty() && bounds.contains_key(&node.address) {
                self.report(Event::Waiting { address: node.address.clone(), on });
            }
        }
    }

    async fn apply_node(
        &self,
        node: usize,
        ledger: &Ledger,
        results: &Results,
        bounds: &Bounds,
    ) -> Result<Given, Stopped> {
        if let Some(given) = self.untouched(node, results)? {
            return Ok(given);
        }
        let prior = self.priors[node].map(|id| &self.base.resources[&id]);
        let Some(declaration) = self.graph.nodes[node].declaration() else {
            let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
            let component = self.resource(node, id, None, results)?;
            self.put(ledger, prior, component).await?;
            return Ok(Given { value: Value::Null, ids: vec![id], ..Given::unknown() });
        };
        if declaration.kind == Kind::DataSource {
            return Ok(self.read_node(node, declaration, results).await?);
        }
        let planned = self.plan_node(node, declaration, results).await?;
        if !planned.evaluated.config.is_wholly_known() {
            let detail = "An input is still unknown, though everything it refers to is there.";
            return Err(Diagnostics::from(Diagnostic::bug(detail)).into());
        }
        let address = &self.graph.nodes[node].address;
        match bounds.get(address) {
            Some(bound) => bound.check(&planned)?,
            None if planned.step == Step::Same => {}
            None => {
                let step = planned.step;
                let detail = format!("The plan leaves it as it is, and now it would be {step}. Run preview again.");
                return Err(Diagnostics::from(Diagnostic::error("More than was planned", detail)).into());
            }
        }
        let work = Work { node, declaration, ledger, results, planned: &planned, prior };
        let given = |id, value| Given { value, secrets: planned.secrets.clone(), ids: vec![id], failed: None };
        let (id, object) = match planned.step {
            Step::Same | Step::Import => {
                let id = self.keep(&work).await?;
                let Some(change) = planned.change.as_ref().filter(|change| changes(change)) else {
                    ledger.count(|counts| counts.same += 1);
                    return Ok(given(id, planned.value));
                };
                (id, self.update(&work, id, change).await?)
            }
            Step::Update => {
                let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
                (id, self.update(&work, id, work.change()?).await?)
            }
            Step::Create => {
                let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
                (id, self.create(&work, id, None, work.change()?).await?)
            }
            Step::Replace => {
                let id = ledger.new_id();
                let replaces = prior.map(|prior| prior.id);
                (id, self.create(&work, id, replaces, &work.change()?.creation()).await?)
            }
            Step::DeleteThenCreate => {
                let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
                self.vacate(&work).await?;
                (id, self.create(&work, id, None, &work.change()?.creation()).await?)
            }
            Step::Delete | Step::Forget | Step::Read => {
                return Err(Diagnostics::from(Diagnostic::bug("A declared resource was planned to be removed.")).into());
            }
        };
        let value = object.map_or(Value::Null, |object| object.value);
        Ok(given(id, value))
    }

    /// Leaves the object as it is, and records what else is new about it.
    async fn keep(&self, work: &Work<'_>) -> Result<u64, Stopped> {
        let Work { node, declaration, ledger, results, planned, prior } = *work;
        let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
        let mut resource = self.resource(node, id, Some(&planned.evaluated), results)?;
        resource.fingerprint = planned.fingerprint.clone().unwrap_or_default();
        resource.object = match &planned.found {
            Found::Object(object) => {
                let instance = self.providers.of(declaration)?;
                if planned.step == Step::Import && planned.change.as_ref().is_some_and(changes) {
                    // It is imported as it is, and changed afterwards.
                    resource.fingerprint.clear();
                }
                Some(self.store(instance, id, declaration.type_name, object, &planned.evaluated.secrets)?)
            }
            Found::NotLooked | Found::Gone => prior.and_then(|prior| prior.object.clone()),
        };
        self.put(ledger, prior, resource).await?;
        Ok(id)
    }

    /// Records a resource if it differs from what is recorded in more than its place in the program.
    async fn put(&self, ledger: &Ledger, prior: Option<&Resource>, mut resource: Resource) -> Result<(), Stopped> {
        if let Some(prior) = prior
            && prior.fingerprint == resource.fingerprint
            && prior.inputs.len() == resource.inputs.len()
        {
            // Sealing gives another text each time; with the same fingerprint the values are the same.
            for (name, input) in &mut resource.inputs {
                if let Some(recorded) = prior.inputs.get(name) {
                    input.value.clone_from(&recorded.value);
                }
            }
            if *prior == (Resource { location: prior.location.clone(), ..resource.clone() }) {
                return Ok(());
            }
        }
        Ok(ledger.change(vec![state::Change::Put(Box::new(resource))]).await?)
    }

    async fn create(
        &self,
        work: &Work<'_>,
        id: u64,
        replaces: Option<u64>,
        change: &Change,
    ) -> Result<Option<Object>, Stopped> {
        let limit = work.declaration.options.timeouts.create;
        let moments = (Moment::BeforeCreate, Moment::AfterCreate);
        self.perform(work, Operation::Create, id, replaces, change, limit, moments).await
    }

    async fn update(&self, work: &Work<'_>, id: u64, change: &Change) -> Result<Option<Object>, Stopped> {
        let limit = work.declaration.options.timeouts.update;
        let moments = (Moment::BeforeUpdate, Moment::AfterUpdate);
        self.perform(work, Operation::Update, id, None, change, limit, moments).await
    }

    #[expect(clippy::too_many_arguments, reason = "it is where create and update meet")]
    async fn perform(
        &self,
        work: &Work<'_>,
        operation: Operation,
        id: u64,
        replaces: Option<u64>,
        change: &Change,
        limit: Option<std::time::Duration>,
        (before, after): (Moment, Moment),
    ) -> Result<Option<Object>, Stopped> {
        let Work { node, declaration, ledger, results, planned, .. } = *work;
        let address = &self.graph.nodes[node].address;
        let recorded = change.prior.as_ref().map_or(&Value::Null, |object| &object.value);
        hooks::run(declaration, before, address, recorded).await?;
        let task = Task {
            operation,
            goal: self.resource(node, id, Some(&planned.evaluated), results)?,
            keep: false,
            replaces,
            instance: self.providers.of(declaration)?,
            change,
            config: &planned.evaluated.config,
            secrets: &planned.evaluated.secrets,
            fingerprint: planned.fingerprint.clone().unwrap_or_default(),
            limit,
        };
        let object = self.operate(ledger, task).await?;
        let reached = object.as_ref().map_or(&Value::Null, |object| &object.value);
        if let Err(failed) = hooks::run(declaration, after, address, reached).await {
            // The operation is done; what comes after it is told, and not undone.
            self.tell(Some(address), &failed);
            return Err(failed.into());
        }
        Ok(object)
    }

    /// Removes the object of a resource that is made anew in its place.
    async fn vacate(&self, work: &Work<'_>) -> Result<(), Stopped> {
        let Some(prior) = work.prior.filter(|prior| prior.object.is_some()) else { return Ok(()) };
        self.delete(work.ledger, prior.clone(), Some(work.declaration), true).await
    }

    /// Records what the program exports.
    pub(crate) async fn export(
        &self,
        ledger: &Ledger,
        results: &Results,
    ) -> (Vec<(String, Value, bool)>, Vec<Problem>) {
        let (exports, mut problems) = self.exports(results);
        let mut recorded = ledger.look(|state| state.exports.clone());
        let before = recorded.clone();
        recorded.retain(|name, _| self.graph.exports.contains_key(name));
        for (name, value, secret) in &exports {
            let Some(value) = json::to_json(value) else { continue };
            let place = format!("exports/{name}");
            let same = recorded.get(name).is_some_and(|recorded| {
                self.vault.open(&place, recorded.clone()).is_ok_and(|opened| opened == (value.clone(), *secret))
            });
            if same {
                continue;
            }
            let sealed = if *secret && !value.is_null() { self.vault.seal(&place, &value) } else { Ok(value) };
            match sealed.map_err(vault_error) {
                Ok(value) => drop(recorded.insert(name.clone(), value)),
                Err(diagnostics) => {
                    self.tell(None, &diagnostics);
                    problems.push(Problem { address: None, location: None, diagnostics });
                }
            }
        }
        if recorded != before
            && let Err(error) = ledger.change(vec![state::Change::Exports(recorded)]).await
        {
            let diagnostics = Stopped::Record(error).diagnostics();
            self.tell(None, &diagnostics);
            problems.push(Problem { address: None, location: None, diagnostics });
        }
        (exports, problems)
    }
}

/// Whether a change leads to anything other than what there is.
fn changes(change: &Change) -> bool {
    change.prior.as_ref().map(|object| &object.value) != Some(&change.planned)
}

/// A node that is worked on.
#[derive(Clone, Copy)]
struct Work<'a> {
    node: usize,
    declaration: &'a Declaration,
    ledger: &'a Ledger,
    results: &'a Results,
    planned: &'a Planned,
    prior: Option<&'a Resource>,
}

impl Work<'_> {
    fn change(&self) -> Result<&Change, Diagnostics> {
        let missing = || Diagnostics::from(Diagnostic::bug("A change without a plan."));
        self.planned.change.as_ref().ok_or_else(missing)
    }
}
