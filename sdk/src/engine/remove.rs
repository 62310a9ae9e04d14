//! Removes resources: each after everything that was made with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use framework::declare::{Declaration, Moment};
use framework::{Diagnostic, Diagnostics, Value};
use tokio::task::JoinSet;

use super::groups::Groups;
use super::hidden::redacted;
use super::load::closed;
use super::operate::{Leaves, Stopped, Task};
use super::preview::Preview;
use super::subject::about;
use super::{Engine, Ledger, Problem, hooks};
use crate::event::{Event, REDACTED, Step};
use crate::providers::diagnostics;
use crate::state::{Change, Operation, Resource};

impl Engine {
    /// Adds to a preview what is removed because nothing declares it.
    pub(super) fn preview_removals(&self, preview: &mut Preview) {
        let (removed, kept) = self.removals();
        self.tell_kept(kept);
        self.preview_removing(&removed, preview);
    }

    /// Adds the removal of these to a preview.
    pub(crate) fn preview_removing(&self, ids: &BTreeSet<u64>, preview: &mut Preview) {
        let groups = Groups::new(&self.base, ids);
        for resource in ids.iter().rev().map(|id| &self.base.resources[id]) {
            if resource.component {
                continue;
            }
            if resource.protect && !resource.outgoing {
                let detail = format!("Declare it again, or run `state unprotect {}` first.", resource.address);
                let refused = Diagnostic::error("It is protected, and would be removed", detail);
                let problem = self.recorded_problem(resource, refused.into());
                preview.problems.push(problem);
                continue;
            }
            let forgotten = resource.retain_on_delete || groups.follows(resource.id);
            let step = if forgotten { Step::Forget } else { Step::Delete };
            preview.summary.count(step);
            preview.steps.push((resource.address.clone(), step));
            let (before, location) = (self.shown(resource), resource.location.clone());
            let (address, after, replace, hidden) =
                (resource.address.clone(), Value::Null, Vec::new(), BTreeSet::new());
            self.report(Event::Planned { address, step, before, after, hidden, replace, reason: None, location });
        }
    }

    /// A problem with a recorded resource, told to the user.
    pub(super) fn recorded_problem(&self, resource: &Resource, diagnostics: Diagnostics) -> Problem {
        self.tell(Some(&resource.address), &diagnostics);
        let location = Some(resource.location.clone()).filter(|location| !location.is_empty());
        Problem { address: Some(resource.address.clone()), location, diagnostics }
    }

    fn shown(&self, resource: &Resource) -> Value {
        let instance = self.providers.get(&resource.provider);
        let info = instance.and_then(|instance| instance.resource(&resource.type_name));
        info.and_then(|(_, info)| {
            // Secrets are not opened only to be hidden.
            Ok(redacted(&closed(resource, &info.ty, &REDACTED.into())?, &info.sensitive))
        })
        .unwrap_or(Value::Null)
    }

    /// Counts and tells what was to be removed and is still recorded.
    fn tell_left(&self, ledger: &Ledger, left: &BTreeSet<u64>) {
        let told = ledger.look(|state| {
            let mut users = BTreeMap::new();
            for user in state.resources.values().filter(|_| !left.is_empty()) {
                users.extend(user.needs().map(|id| (*id, &user.address)));
            }
            let reason = |user: Option<&&String>| {
                user.map_or("the run ended".to_owned(), |user| format!("{user} still uses it"))
            };
            let recorded = left.iter().filter_map(|id| state.resources.get(id));
            recorded.map(|resource| (resource.address.clone(), reason(users.get(&resource.id)))).collect::<Vec<_>>()
        });
        for (address, reason) in told {
            ledger.count(|counts| counts.skipped += 1);
            self.report(Event::Skipped { address, reason });
        }
    }

    /// Removes these, as far as nothing else was made with them.
    pub(crate) async fn remove(self: &Arc<Self>, ledger: &Arc<Ledger>, ids: BTreeSet<u64>) -> Vec<Problem> {
        let mut groups = ledger.look(|state| Groups::new(state, &ids));
        self.tell_removing(ledger, &groups, &ids);
        let mut left: BTreeSet<u64> = ids.into_iter().filter(|id| !groups.follows(*id)).collect();
        let mut ready: Vec<u64> = left.iter().filter(|id| !groups.is_used(**id)).copied().collect();
        let (mut running, mut problems, mut ended) = (JoinSet::new(), Vec::new(), false);
        loop {
            ended |= self.stopper.is_stopping();
            while running.len() < self.settings.parallel.max(1) && !ended {
                let Some(id) = ready.pop() else { break };
                let Some(resource) = ledger.look(|state| state.resources.get(&id).cloned()) else { continue };
                let (engine, ledger, followers) = (Arc::clone(self), Arc::clone(ledger), groups.followers(id).to_vec());
                running.spawn(async move {
                    let removed =
                        about(&resource.address, engine.remove_one(&ledger, resource.clone(), followers)).await;
                    (resource, removed)
                });
            }
            let (resource, removed) = match running.join_next().await {
                None => break,
                Some(Ok(ended)) => ended,
                Some(Err(_)) => continue,
            };
            left.remove(&resource.id);
            if matches!(removed, Ok(()) | Err(Stopped::After(_))) {
                ready.extend(groups.removed(resource.id).into_iter().filter(|free| left.contains(free)));
            }
            if let Err(stopped) = removed {
                ended |= matches!(stopped, Stopped::Record(_));
                ledger.count(|counts| counts.failed += 1);
                problems.push(self.recorded_problem(&resource, stopped.diagnostics()));
            }
        }
        self.tell_left(ledger, &left);
        problems
    }

    /// Says which removals there will be, and which others each waits for.
    fn tell_removing(&self, ledger: &Ledger, groups: &Groups, ids: &BTreeSet<u64>) {
        let mut on: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        let deletes: Vec<(u64, String)> = ledger.look(|state| {
            let doomed = ids.iter().filter_map(|id| state.resources.get(id));
            let doomed = doomed.filter(|resource| {
                resource.object.is_some() && !resource.retain_on_delete && !groups.follows(resource.id)
            });
            let delete = |resource: &Resource| {
                for needed in resource.needs().copied().collect::<BTreeSet<_>>() {
                    on.entry(needed).or_default().push(resource.address.clone());
                }
                (resource.id, resource.address.clone())
            };
            doomed.map(delete).collect()
        });
        for (id, address) in deletes {
            let on = on.remove(&id).unwrap_or_default();
            self.report(Event::Waiting { address, operation: Operation::Delete, on });
        }
    }

    async fn remove_one(&self, ledger: &Ledger, resource: Resource, followers: Vec<u64>) -> Result<(), Stopped> {
        if resource.object.is_none() || resource.retain_on_delete {
            let forgotten = std::iter::once(resource.id).chain(followers);
            return Ok(ledger.change(forgotten.map(Change::Remove).collect()).await?);
        }
        let declaration = self.nodes.get(&resource.address).and_then(|node| self.graph.nodes[*node].declaration());
        if resource.delete_hooks && declaration.is_none() {
            self.warn(&resource.address, "it is no longer declared, so its hooks are skipped");
        }
        self.delete(ledger, resource, declaration, Leaves::Nothing(followers)).await
    }

    /// Removes the object of a recorded resource.
    pub(super) async fn delete(
        &self,
        ledger: &Ledger,
        resource: Resource,
        declaration: Option<&Declaration>,
        leaves: Leaves,
    ) -> Result<(), Stopped> {
        let instance = self.providers.get(&resource.provider)?;
        let Some((object, secrets)) = self.load(instance, &resource).await? else { return Ok(()) };
        let (address, value) = (resource.address.clone(), object.value.clone());
        if let Some(declaration) = declaration {
            hooks::run(declaration, Moment::BeforeDelete, &address, &value).await?;
        }
        let change = instance.host.plan_destroy(&resource.type_name, &object).await.map_err(diagnostics)?;
        // A program that still declares it has the last word.
        let recorded = resource.delete_timeout.map(Duration::from_millis);
        let limit = declaration.map_or(recorded, |declaration| declaration.options.timeouts.delete);
        let task = Task {
            operation: Operation::Delete,
            goal: resource,
            leaves,
            replaces: None,
            instance,
            change: &change,
            config: &Value::Null,
            secrets: &secrets,
            fingerprint: String::new(),
            limit,
            slot: None,
        };
        self.operate(ledger, task).await?;
        if let Some(declaration) = declaration {
            hooks::run(declaration, Moment::AfterDelete, &address, &Value::Null).await.map_err(Stopped::After)?;
        }
        Ok(())
    }
}
