//! Removes resources: each after everything that was made with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use framework::declare::{Declaration, Moment};
use framework::{Diagnostic, Diagnostics, Value};
use tokio::task::JoinSet;

use super::operate::{Stopped, Task};
use super::plan::Preview;
use super::{Engine, Ledger, Problem, hooks, redacted};
use crate::event::{Event, Step};
use crate::providers::diagnostics;
use crate::state::{Change, Operation, Resource, State};

impl Engine {
    /// Adds to a preview what is removed because nothing declares it.
    pub(super) fn preview_removals(&self, preview: &mut Preview) {
        self.preview_removing(&self.removals().into_iter().collect(), preview);
    }

    /// Adds the removal of these to a preview.
    pub(crate) fn preview_removing(&self, ids: &BTreeSet<u64>, preview: &mut Preview) {
        for resource in ids.iter().rev().map(|id| &self.base.resources[id]) {
            if resource.component {
                continue;
            }
            if resource.protect && !resource.outgoing {
                let detail = "It is protected. Declare it again, or run `state unprotect` on it first.";
                let text = format!("{} would be removed", resource.address);
                let diagnostics: Diagnostics = Diagnostic::error(text, detail).into();
                self.tell(Some(&resource.address), &diagnostics);
                let (address, location) = (Some(resource.address.clone()), Some(resource.location.clone()));
                preview.problems.push(Problem { address, location, diagnostics });
                continue;
            }
            let step = if stays(resource, ids) { Step::Forget } else { Step::Delete };
            preview.summary.count(step);
            preview.steps.push((resource.address.clone(), step));
            let (before, location) = (self.shown(resource), resource.location.clone());
            let (address, after, replace) = (resource.address.clone(), Value::Null, Vec::new());
            self.report(Event::Planned { address, step, before, after, replace, location });
        }
    }

    fn shown(&self, resource: &Resource) -> Value {
        let instance = self.providers.get(&resource.provider);
        let info = instance.and_then(|instance| instance.resource(&resource.type_name));
        info.and_then(|(_, info)| {
            let (value, secrets) = self.value(resource, &info.ty)?;
            Ok(redacted(&value, &secrets.union(&info.sensitive).cloned().collect()))
        })
        .unwrap_or(Value::Null)
    }

    /// Removes these, as far as nothing else was made with them.
    pub(crate) async fn remove(self: &Arc<Self>, ledger: &Arc<Ledger>, ids: BTreeSet<u64>) -> Vec<Problem> {
        let mut users = ledger.look(users);
        let mut ready: Vec<u64> = ids.iter().filter(|id| !users.contains_key(id)).copied().collect();
        let mut left = ids.clone();
        let ids = Arc::new(ids);
        let (mut running, mut problems, mut ended) = (JoinSet::new(), Vec::new(), false);
        loop {
            ended |= self.stopper.is_stopping();
            while running.len() < self.settings.parallel.max(1) && !ended {
                let Some(id) = ready.pop() else { break };
                let Some(resource) = ledger.look(|state| state.resources.get(&id).cloned()) else { continue };
                let (engine, ledger, ids) = (Arc::clone(self), Arc::clone(ledger), Arc::clone(&ids));
                running.spawn(async move {
                    let removed = engine.remove_one(&ledger, resource.clone(), &ids).await;
                    (resource, removed)
                });
            }
            let (resource, removed) = match running.join_next().await {
                None => break,
                Some(Ok(ended)) => ended,
                Some(Err(_)) => continue,
            };
            match removed {
                Ok(()) => {
                    left.remove(&resource.id);
                    for needed in needed(&resource) {
                        let Some(count) = users.get_mut(&needed) else { continue };
                        *count -= 1;
                        if *count == 0 && left.contains(&needed) {
                            ready.push(needed);
                        }
                    }
                }
                Err(stopped) => {
                    ended |= matches!(stopped, Stopped::Record(_));
                    left.remove(&resource.id);
                    let (address, location) = (Some(resource.address), Some(resource.location));
                    problems.push(Problem { address, location, diagnostics: stopped.diagnostics() });
                }
            }
        }
        for id in left {
            let Some(resource) = ledger.look(|state| state.resources.get(&id).cloned()) else { continue };
            let user = ledger.look(|state| {
                let mut all = state.resources.values();
                all.find(|other| needed(other).contains(&id)).map(|other| other.address.clone())
            });
            let reason = user.map_or_else(|| "the run ended".to_owned(), |user| format!("{user} still uses it"));
            ledger.count(|counts| counts.skipped += 1);
            self.report(Event::Skipped { address: resource.address, reason });
        }
        problems
    }

    async fn remove_one(&self, ledger: &Ledger, resource: Resource, ids: &BTreeSet<u64>) -> Result<(), Stopped> {
        if resource.object.is_none() || stays(&resource, ids) {
            return Ok(ledger.change(vec![Change::Remove(resource.id)]).await?);
        }
        let declaration = self.nodes.get(&resource.address).and_then(|node| self.graph.nodes[*node].declaration());
        if resource.delete_hooks && declaration.is_none() {
            self.warn(&resource.address, "it is no longer declared, so its hooks are skipped");
        }
        self.delete(ledger, resource, declaration, false).await
    }

    /// Removes the object of a recorded resource, and the resource unless it keeps its place.
    pub(super) async fn delete(
        &self,
        ledger: &Ledger,
        resource: Resource,
        declaration: Option<&Declaration>,
        keep: bool,
    ) -> Result<(), Stopped> {
        let instance = self.providers.get(&resource.provider)?;
        let Some((object, secrets)) = self.load(instance, &resource).await? else { return Ok(()) };
        let (address, value) = (resource.address.clone(), object.value.clone());
        if let Some(declaration) = declaration {
            hooks::run(declaration, Moment::BeforeDelete, &address, &value).await?;
        }
        let change = instance.host.plan_destroy(&resource.type_name, &object).await.map_err(diagnostics)?;
        let limit = resource.delete_timeout.map(Duration::from_millis);
        let task = Task {
            operation: Operation::Delete,
            goal: resource,
            keep,
            replaces: None,
            instance,
            change: &change,
            config: &Value::Null,
            secrets: &secrets,
            fingerprint: String::new(),
            limit,
        };
        self.operate(ledger, task).await?;
        if let Some(declaration) = declaration {
            hooks::run(declaration, Moment::AfterDelete, &address, &Value::Null).await?;
        }
        Ok(())
    }
}

/// Whether a resource is only forgotten when it is removed among these.
fn stays(resource: &Resource, ids: &BTreeSet<u64>) -> bool {
    resource.retain_on_delete || resource.deleted_with.is_some_and(|with| ids.contains(&with))
}

/// What must be recorded as long as this one is.
pub(crate) fn needed(resource: &Resource) -> BTreeSet<u64> {
    resource.dependencies.iter().chain(&resource.deleted_with).copied().collect()
}

/// For every resource that others need, how many those are.
fn users(state: &State) -> BTreeMap<u64, usize> {
    let mut users = BTreeMap::new();
    for resource in state.resources.values() {
        for needed in needed(resource) {
            *users.entry(needed).or_insert(0) += 1;
        }
    }
    users
}
