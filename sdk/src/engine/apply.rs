//! Does what a plan allows, node by node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use framework::declare::{Declaration, Kind, Moment};
use framework::host::{Change, Object};
use framework::{Diagnostic, Diagnostics, Value};

use super::load::spread;
use super::operate::{Leaves, Stopped, Task};
use super::plan::{Found, Planned};
use super::subject::about;
use super::walk::{Slot, walk};
use super::{Bounds, Engine, Given, Ledger, Problem, Results, bound, hooks};
use crate::event::{Event, Step};
use crate::state::{self, Operation, Resource};
use crate::sync::lock;

impl Engine {
    /// Brings everything that is declared to what `bounds` allow, and gives what the nodes gave. What can go on after a
    /// failure does.
    pub(crate) async fn apply(self: &Arc<Self>, ledger: &Arc<Ledger>, bounds: Bounds) -> (Results, Vec<Problem>) {
        let (results, bounds) = (self.results(), Arc::new(bounds));
        let (problems, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        self.tell_waiting(&bounds);
        walk(&self.edges, &self.users, self.settings.parallel, |node, slot| {
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
                let applied = engine.apply_node(node, &slot, &ledger, &results, &bounds);
                let given = match about(address, applied).await {
                    Ok(given) => {
                        if given.failed.is_some() && engine.selected[node] {
                            ledger.count(|counts| counts.skipped += 1);
                        }
                        given
                    }
                    Err(stopped) => {
                        ended.fetch_or(matches!(stopped, Stopped::Record(_)), Ordering::SeqCst);
                        lock(&problems).push(engine.failed(&ledger, node, stopped));
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

    /// Says which operations there will be, and which others each waits for.
    fn tell_waiting(&self, bounds: &Bounds) {
        for (index, node) in self.graph.nodes.iter().enumerate().filter(|(index, _)| self.selected[*index]) {
            let Some(bound) = bounds.get(&node.address) else { continue };
            let operation = match bound.step {
                Step::Create | Step::Replace => Operation::Create,
                Step::Update | Step::Import => Operation::Update,
                Step::DeleteThenCreate => Operation::Delete,
                Step::Same | Step::Delete | Step::Forget | Step::Read => continue,
            };
            let needed = self.edges[index].iter().map(|needed| &self.graph.nodes[*needed].address);
            let on = needed.filter(|address| bounds.contains_key(*address)).cloned().collect();
            self.report(Event::Waiting { address: node.address.clone(), operation, on });
        }
    }

    async fn apply_node(
        &self,
        node: usize,
        slot: &Slot,
        ledger: &Ledger,
        results: &Results,
        bounds: &Bounds,
    ) -> Result<Given, Stopped> {
        let planned = bounds.contains_key(&self.graph.nodes[node].address);
        if let Some(given) = self.untouched(node, results, planned).await? {
            return Ok(given);
        }
        let prior = self.prior(node);
        let Some(declaration) = self.graph.nodes[node].declaration() else {
            let id = prior.map_or_else(|| ledger.new_id(), |prior| prior.id);
            self.put(ledger, prior, self.component(node, id, results)).await?;
            return Ok(Given { value: Value::Null, ids: vec![id], ..Given::unknown() });
        };
        if declaration.kind == Kind::DataSource {
            return Ok(self.read_node(node, declaration, results).await?);
        }
        let planned = self.plan_node(node, declaration, results, self.is_vacated(node, ledger)).await?;
        if !planned.evaluated.config.is_wholly_known() {
            let detail = "An input is still unknown, though everything it refers to is there.";
            return Err(Diagnostics::from(Diagnostic::bug(detail)).into());
        }
        bound::hold(bounds, &self.graph.nodes[node].address, &planned, &self.providers.of(declaration)?.host)?;
        let work = Work { node, declaration, slot, ledger, results, planned: &planned, prior };
        let (id, value) = self.apply_planned(&work, bounds).await?;
        let (mut secrets, ids, step) = (planned.secrets, vec![id], Some(planned.step));
        spread(&value, &mut secrets);
        Ok(Given { value, secrets, ids, failed: None, step })
    }

    /// Does what is planned for a resource. Gives the id under which it is recorded, and what it is afterwards.
    async fn apply_planned(&self, work: &Work<'_>, bounds: &Bounds) -> Result<(u64, Value), Stopped> {
        let Work { node, ledger, planned, prior, .. } = *work;
        let (id, object) = match planned.step {
            Step::Same | Step::Import => {
                let id = self.keep(work).await?;
                let Some(change) = planned.change.as_ref().filter(|change| changes(change)) else {
                    self.tell_same(work, bounds);
                    return Ok((id, planned.value.clone()));
                };
                (id, self.update(work, id, change).await?)
            }
            Step::Update => {
                let id = work.id();
                (id, self.update(work, id, work.change()?).await?)
            }
            Step::Create => {
                let id = work.id();
                (id, self.create(work, id, None, work.change()?).await?)
            }
            Step::Replace => {
                let (id, replaces) = (ledger.new_id(), prior.map(|prior| prior.id));
                (id, self.create(work, id, replaces, &work.change()?.creation()).await?)
            }
            Step::DeleteThenCreate => {
                let id = work.id();
                self.vacate(node, ledger, bounds).await?;
                (id, self.create(work, id, None, &work.change()?.creation()).await?)
            }
            Step::Delete | Step::Forget | Step::Read => {
                return Err(Diagnostics::from(Diagnostic::bug("A declared resource was planned to be removed.")).into());
            }
        };
        Ok((id, object.map_or(Value::Null, |object| object.value)))
    }

    /// Counts a resource that needs no operation, and tells it if something was planned.
    fn tell_same(&self, work: &Work<'_>, bounds: &Bounds) {
        work.ledger.count(|counts| counts.same += 1);
        let address = &self.graph.nodes[work.node].address;
        if bounds.contains_key(address) {
            let imported = work.planned.step == Step::Import;
            self.report(Event::Kept { address: address.clone(), imported });
        }
    }

    /// Leaves the object as it is, and records what else is new about it.
    async fn keep(&self, work: &Work<'_>) -> Result<u64, Stopped> {
        let Work { node, declaration, ledger, results, planned, prior, .. } = *work;
        let id = work.id();
        let mut resource = self.resource(node, id, declaration, &planned.evaluated, results).await?;
        resource.fingerprint = planned.fingerprint.clone().unwrap_or_default();
        resource.object = match &planned.found {
            Found::Object(object) => {
                let instance = self.providers.of(declaration)?;
                if planned.step == Step::Import && planned.change.as_ref().is_some_and(changes) {
                    // It is imported as it is, and changed afterwards.
                    resource.fingerprint.clear();
                }
                Some(self.store(instance, id, declaration.type_name, object, &planned.evaluated.secrets).await?)
            }
            Found::NotLooked | Found::Gone => match planned.change.as_ref().and_then(|change| change.prior.as_ref()) {
                // What was recorded before it became secret is sealed now.
                Some(object) if !planned.secrets.is_empty() => {
                    let instance = self.providers.of(declaration)?;
                    Some(self.store(instance, id, declaration.type_name, object, &planned.secrets).await?)
                }
                _ => prior.and_then(|prior| prior.object.clone()),
            },
        };
        self.put(ledger, prior, resource).await?;
        Ok(id)
    }

    /// Records a resource if it differs from what is recorded in more than its place in the program.
    async fn put(&self, ledger: &Ledger, prior: Option<&Resource>, resource: Resource) -> Result<(), Stopped> {
        if let Some(prior) = prior
            && prior.fingerprint == resource.fingerprint
            && *prior == (Resource { location: prior.location.clone(), ..resource.clone() })
        {
            return Ok(());
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
        let Work { node, declaration, slot, ledger, results, planned, .. } = *work;
        let address = &self.graph.nodes[node].address;
        let recorded = change.prior.as_ref().map_or(&Value::Null, |object| &object.value);
        hooks::run(declaration, before, address, recorded).await?;
        let task = Task {
            operation,
            goal: self.resource(node, id, declaration, &planned.evaluated, results).await?,
            leaves: Leaves::Place,
            replaces,
            instance: self.providers.of(declaration)?,
            change,
            config: &planned.evaluated.config,
            secrets: &planned.evaluated.secrets,
            fingerprint: planned.fingerprint.clone().unwrap_or_default(),
            limit,
            slot: Some(slot),
        };
        let object = self.operate(ledger, task).await?;
        let reached = object.as_ref().map_or(&Value::Null, |object| &object.value);
        hooks::run(declaration, after, address, reached).await.map_err(Stopped::After)?;
        Ok(object)
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
    slot: &'a Slot,
    ledger: &'a Ledger,
    results: &'a Results,
    planned: &'a Planned,
    prior: Option<&'a Resource>,
}

impl Work<'_> {
    /// The id of what it continues, or a new one.
    fn id(&self) -> u64 {
        self.prior.map_or_else(|| self.ledger.new_id(), |prior| prior.id)
    }

    fn change(&self) -> Result<&Change, Diagnostics> {
        let missing = || Diagnostics::from(Diagnostic::bug("A change without a plan."));
        self.planned.change.as_ref().ok_or_else(missing)
    }
}
