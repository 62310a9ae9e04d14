//! Looks at the world, and records what it finds.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::operate::Stopped;
use super::plan::lock;
use super::{Engine, Ledger, Problem, redacted};
use crate::event::{Event, Step};
use crate::providers::diagnostics;
use crate::state::{Change, Resource};
use framework::Value;

impl Engine {
    /// Reads every recorded object. Records what differs when there is a ledger, and tells it in any case.
    pub(crate) async fn refresh(self: &Arc<Self>, ledger: Option<&Arc<Ledger>>) -> (Vec<(String, Step)>, Vec<Problem>) {
        let found = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let slots = Arc::new(Semaphore::new(self.settings.parallel.max(1)));
        let mut running = JoinSet::new();
        for resource in self.base.resources.values().filter(|resource| resource.object.is_some()) {
            if !self.chosen(&resource.address) {
                continue;
            }
            let (engine, ledger, resource) = (Arc::clone(self), ledger.cloned(), resource.clone());
            let (found, slots) = (Arc::clone(&found), Arc::clone(&slots));
            running.spawn(async move {
                let _slot = slots.acquire().await;
                if engine.stopper.is_stopping() {
                    return;
                }
                match engine.refresh_one(ledger.as_deref(), &resource).await {
                    Ok(None) => {}
                    Ok(Some(step)) => lock(&found).0.push((resource.address, step)),
                    Err(stopped) => {
                        let diagnostics = stopped.diagnostics();
                        engine.tell(Some(&resource.address), &diagnostics);
                        let (address, location) = (Some(resource.address), Some(resource.location));
                        lock(&found).1.push(Problem { address, location, diagnostics });
                    }
                }
            });
        }
        while running.join_next().await.is_some() {}
        std::mem::take(&mut *lock(&found))
    }

    async fn refresh_one(&self, ledger: Option<&Ledger>, resource: &Resource) -> Result<Option<Step>, Stopped> {
        let instance = self.providers.get(&resource.provider)?;
        let Some((object, secrets)) = self.load(instance, resource).await? else { return Ok(None) };
        let answer = instance.host.refresh(&resource.type_name, &object).await.map_err(diagnostics)?;
        self.tell(Some(&resource.address), &answer.diagnostics);
        if answer.value.as_ref() == Some(&object) {
            if let Some(ledger) = ledger {
                ledger.count(|counts| counts.same += 1);
            }
            return Ok(None);
        }
        let (_, info) = instance.resource(&resource.type_name)?;
        let hidden = secrets.union(&info.sensitive).cloned().collect();
        let shown = |value: &Value| redacted(value, &hidden);
        let step = if answer.value.is_some() { Step::Update } else { Step::Delete };
        self.report(Event::Planned {
            address: resource.address.clone(),
            step,
            before: shown(&object.value),
            after: answer.value.as_ref().map_or(Value::Null, |object| shown(&object.value)),
            replace: Vec::new(),
            location: resource.location.clone(),
        });
        if let Some(ledger) = ledger {
            let change = self.found(resource, answer.value.as_ref(), &secrets)?;
            ledger.change(vec![change]).await?;
            ledger.count(|counts| counts.updated += 1);
        }
        Ok(Some(step))
    }

    /// The change that records what was found of a resource's object. The next plan looks at it again.
    pub(super) fn found(
        &self,
        resource: &Resource,
        object: Option<&framework::host::Object>,
        secrets: &std::collections::BTreeSet<String>,
    ) -> Result<Change, framework::Diagnostics> {
        let instance = self.providers.get(&resource.provider)?;
        let mut resource = Resource { fingerprint: String::new(), object: None, ..resource.clone() };
        if let Some(object) = object {
            resource.object = Some(self.store(instance, resource.id, &resource.type_name, object, secrets)?);
        }
        Ok(Change::Put(Box::new(resource)))
    }
}
