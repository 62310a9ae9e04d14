//! One operation: recorded before it is asked of the provider, and again when it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use framework::host::{Change, Object};
use framework::{Diagnostic, Diagnostics, Fault, Value};

use super::load::{known_members, spread, vault_error};
use super::walk::Slot;
use super::{Engine, Ledger, Problem};
use crate::event::Event;
use crate::providers::Instance;
use crate::recorder::RecordError;
use crate::state::{self, Operation, Pending, Resource};
use crate::vault::{Group, PENDING_CONFIG, PENDING_PLANNED};

/// Why an operation did not do all of it.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It failed; what was reached is recorded.
    Failed(Diagnostics),
    /// It was done and recorded, and what the program runs after it failed.
    After(Diagnostics),
    /// It cannot be recorded, so nothing more is begun.
    Record(RecordError),
}

impl From<Diagnostics> for Stopped {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Failed(diagnostics)
    }
}

impl From<RecordError> for Stopped {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl Stopped {
    pub(crate) fn diagnostics(self) -> Diagnostics {
        match self {
            Self::Failed(diagnostics) | Self::After(diagnostics) => diagnostics,
            Self::Record(error) => Diagnostic::error("Not recorded", error.to_string()).into(),
        }
    }
}

/// What a removal leaves of the record.
pub(crate) enum Leaves {
    /// Its place, for it is made anew.
    Place,
    /// Nothing, nor anything of these, which vanish with it.
    Nothing(Vec<u64>),
}

/// An operation that is about to be done.
pub(crate) struct Task<'a> {
    pub(crate) operation: Operation,
    /// The resource as it will be recorded when the operation succeeds, without its object. For a delete: as it is recorded.
    pub(crate) goal: Resource,
    /// What a removal leaves of the record.
    pub(crate) leaves: Leaves,
    /// The resource that is replaced, and stays until it is removed.
    pub(crate) replaces: Option<u64>,
    pub(crate) instance: &'a Instance,
    pub(crate) change: &'a Change,
    pub(crate) config: &'a Value,
    pub(crate) secrets: &'a BTreeSet<String>,
    pub(crate) fingerprint: String,
    pub(crate) limit: Option<Duration>,
    /// The place of the visit, if it need not be kept until the end is recorded.
    pub(crate) slot: Option<&'a Slot>,
}

impl Engine {
    /// Does it. Gives the object that is there afterwards.
    pub(crate) async fn operate(&self, ledger: &Ledger, task: Task<'_>) -> Result<Option<Object>, Stopped> {
        let (operation, address) = (task.operation, task.goal.address.clone());
        let id = ledger.start(self.pending(&task).await?).await?;
        self.report(Event::Running { address: address.clone(), operation });
        let began = Instant::now();
        let performed = within(task.limit, task.instance.host.perform(task.change, task.config)).await;
        if let Some(slot) = task.slot {
            slot.leave();
        }
        let done = |succeeded| Event::Done { address: address.clone(), operation, elapsed: began.elapsed(), succeeded };
        let outcome = match performed {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(fault)) => {
                self.report(done(false));
                if matches!(fault, Fault::Transport { sent: false, .. }) {
                    ledger.end(id, Vec::new(), Some(self.vault.redact(&fault.to_string()))).await?;
                    let detail = format!("{fault}. Nothing was changed; run it again.");
                    return Err(Diagnostics::from(Diagnostic::error("The provider was not asked", detail)).into());
                }
                return Err(lost(&fault.to_string()).into());
            }
            Err(limit) => {
                self.report(done(false));
                return Err(lost(&format!("it took longer than {} s", limit.as_secs_f32())).into());
            }
        };
        let failed = outcome.diagnostics.has_errors();
        if let Some(object) = &outcome.object {
            let (_, info) = task.instance.resource(&task.goal.type_name)?;
            self.learn(&object.value, &info.sensitive);
        }
        let changes = self.outcome(ledger, &task, outcome.object.as_ref(), failed).await?;
        let error = failed.then(|| outcome.diagnostics.to_string());
        ledger.end(id, changes, error.map(|text| self.vault.redact(&text))).await?;
        self.report(done(!failed));
        if failed {
            return Err(Stopped::Failed(outcome.diagnostics));
        }
        self.tell(Some(&address), &outcome.diagnostics);
        ledger.count(|counts| match operation {
            Operation::Create => counts.created += 1,
            Operation::Update => counts.updated += 1,
            Operation::Delete => counts.deleted += 1,
        });
        Ok(outcome.object)
    }

    async fn pending(&self, task: &Task<'_>) -> Result<Pending, Diagnostics> {
        let mut pending = Pending {
            operation: task.operation,
            address: task.goal.address.clone(),
            type_name: task.goal.type_name.clone(),
            provider: task.goal.provider.clone(),
            resource: task.goal.id,
            config: BTreeMap::new(),
            planned: BTreeMap::new(),
            goal: None,
        };
        if task.operation == Operation::Create {
            let (_, info) = task.instance.resource(&task.goal.type_name)?;
            let mut secrets = task.secrets.union(&info.sensitive).cloned().collect();
            spread(&task.change.planned, &mut secrets);
            let id = task.goal.id;
            let seal = async |part, members| {
                let sealed = self.vault.seal_members(Group::Resource(id, part), members, &secrets, None).await;
                sealed.map_err(vault_error)
            };
            let mut config = known_members(task.config);
            let mut planned = known_members(&task.change.planned);
            planned.retain(|name, value| config.get(name) != Some(value));
            config.retain(|name, value| !value.is_null() && !info.write_only.contains(name));
            (pending.config, pending.planned) =
                (seal(PENDING_CONFIG, config).await?, seal(PENDING_PLANNED, planned).await?);
            pending.goal = Some(Box::new(task.goal.clone()));
        }
        Ok(pending)
    }

    /// What an operation that reached `object` changes in the state.
    async fn outcome(
        &self,
        ledger: &Ledger,
        task: &Task<'_>,
        object: Option<&Object>,
        failed: bool,
    ) -> Result<Vec<state::Change>, Diagnostics> {
        let id = task.goal.id;
        let Some(object) = object else {
            let vacated = || Resource { object: None, fingerprint: String::new(), ..task.goal.clone() };
            return Ok(match (task.operation, &task.leaves) {
                (Operation::Delete, _) if failed => Vec::new(),
                (Operation::Delete, Leaves::Place) => vec![state::Change::Put(Box::new(vacated()))],
                (Operation::Delete, Leaves::Nothing(with)) => {
                    std::iter::once(&id).chain(with).map(|id| state::Change::Remove(*id)).collect()
                }
                // Nothing was made, or what there was vanished.
                (Operation::Create | Operation::Update, _) => Vec::new(),
            });
        };
        let recorded = ledger.look(|state| state.resources.get(&id).cloned());
        let mut resource = match (failed, recorded) {
            // What a failed update or delete reached belongs to what is recorded.
            (true, Some(recorded)) if task.operation != Operation::Create => recorded,
            _ => task.goal.clone(),
        };
        resource.fingerprint = if failed { String::new() } else { task.fingerprint.clone() };
        resource.object = Some(self.store(task.instance, id, &resource.type_name, object, task.secrets).await?);
        let mut changes = vec![state::Change::Put(Box::new(resource))];
        let replaced = task.replaces.and_then(|id| ledger.look(|state| state.resources.get(&id).cloned()));
        if let Some(mut replaced) = replaced {
            replaced.outgoing = true;
            // It may have had another name.
            replaced.address.clone_from(&task.goal.address);
            changes.push(state::Change::Put(Box::new(replaced)));
        }
        Ok(changes)
    }

    /// Counts and tells that a node was not done.
    pub(crate) fn failed(&self, ledger: &Ledger, node: usize, stopped: Stopped) -> Problem {
        ledger.count(|counts| counts.failed += 1);
        self.problem(node, stopped.diagnostics())
    }
}

/// The error about an operation of which nobody knows how far it got.
fn lost(reason: &str) -> Diagnostics {
    let detail = format!("{reason}. What it did is not known; the next `up` finds out, or says what to do.");
    Diagnostic::error("The operation did not end", detail).into()
}

/// What `work` gives, if it does within the time; the error says that it may go on.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, Duration> {
    match limit {
        None => Ok(work.await),
        Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
    }
}
