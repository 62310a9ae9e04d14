//! Looks at the world, and records what it finds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use framework::host::{Answer, Object};
use framework::{Diagnostics, Value};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::hidden::redacted_pair;
use super::operate::Stopped;
use super::subject::about;
use super::{Engine, Ledger, Problem};
use crate::event::{Event, Step};
use crate::providers::{Instance, diagnostics};
use crate::state::{Change, Resource};
use crate::sync::lock;

impl Engine {
    /// Reads every recorded object; records and tells what differs.
    pub(crate) async fn refresh(self: &Arc<Self>, ledger: &Arc<Ledger>) -> (Vec<(String, Step)>, Vec<Problem>) {
        let found = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let slots = Arc::new(Semaphore::new(self.settings.parallel.max(1)));
        let mut running = JoinSet::new();
        for resource in self.base.resources.values().filter(|resource| resource.object.is_some()) {
            if !self.chosen(&resource.address) {
                continue;
            }
            let (engine, ledger, resource) = (Arc::clone(self), Arc::clone(ledger), resource.clone());
            let (found, slots) = (Arc::clone(&found), Arc::clone(&slots));
            running.spawn(async move {
                let _slot = slots.acquire().await;
                if engine.stopper.is_stopping() {
                    return;
                }
                match about(&resource.address, engine.refresh_one(&ledger, &resource)).await {
                    Ok(None) => {}
                    Ok(Some(step)) => lock(&found).0.push((resource.address, step)),
                    Err(stopped) => {
                        let problem = engine.recorded_problem(&resource, stopped.diagnostics());
                        lock(&found).1.push(problem);
                    }
                }
            });
        }
        while running.join_next().await.is_some() {}
        std::mem::take(&mut *lock(&found))
    }

    async fn refresh_one(&self, ledger: &Ledger, resource: &Resource) -> Result<Option<Step>, Stopped> {
        let instance = self.providers.get(&resource.provider)?;
        let Some((object, secrets)) = self.load(instance, resource).await? else { return Ok(None) };
        let answer = self.look_at(instance, &resource.type_name, &resource.address, &object).await?;
        let (_, info) = instance.resource(&resource.type_name)?;
        let hidden = secrets.union(&info.sensitive).cloned().collect();
        if let Some(found) = &answer.value {
            self.learn(&found.value, &hidden);
        }
        self.tell(Some(&resource.address), &answer.diagnostics);
        if answer.value.as_ref() == Some(&object) {
            ledger.count(|counts| counts.same += 1);
            return Ok(None);
        }
        let step = if answer.value.is_some() { Step::Update } else { Step::Delete };
        let found = answer.value.as_ref().map_or(&Value::Null, |object| &object.value);
        let (before, after, hidden) = redacted_pair(&object.value, found, &hidden);
        let (address, location, replace) = (resource.address.clone(), resource.location.clone(), Vec::new());
        self.report(Event::Planned { address, step, before, after, hidden, replace, reason: None, location });
        let change = self.found(resource, answer.value.as_ref(), &secrets).await?;
        ledger.change(vec![change]).await?;
        ledger.count(|counts| counts.updated += 1);
        Ok(Some(step))
    }

    /// What the provider says of an object in the world.
    pub(super) async fn look_at(
        &self,
        instance: &Instance,
        type_name: &str,
        address: &str,
        object: &Object,
    ) -> Result<Answer<Option<Object>>, Diagnostics> {
        self.report(Event::Refreshing { address: address.to_owned() });
        let began = Instant::now();
        let answer = instance.host.refresh(type_name, object).await;
        let (address, elapsed, succeeded) = (address.to_owned(), began.elapsed(), answer.is_ok());
        self.report(Event::Refreshed { address, elapsed, succeeded });
        answer.map_err(diagnostics)
    }

    /// The change that records what was found of a resource's object. The next plan looks at it again.
    pub(super) async fn found(
        &self,
        resource: &Resource,
        object: Option<&Object>,
        secrets: &BTreeSet<String>,
    ) -> Result<Change, Diagnostics> {
        let instance = self.providers.get(&resource.provider)?;
        let mut resource = Resource { fingerprint: String::new(), object: None, ..resource.clone() };
        if let Some(object) = object {
            resource.object = Some(self.store(instance, resource.id, &resource.type_name, object, secrets).await?);
        }
        Ok(Change::Put(Box::new(resource)))
    }
}
