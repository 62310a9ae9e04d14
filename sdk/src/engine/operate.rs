//! One operation: recorded before it is asked of the provider, and again when it ended.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use framework::host::{Change, Object};
use framework::{Diagnostic, Diagnostics, Fault, Value};

use super::{Engine, Ledger, Problem, within};
use crate::event::Event;
use crate::providers::Instance;
use crate::recorder::RecordError;
use crate::state::{self, Operation, Pending, Resource};

/// Why an operation did not do all of it.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It failed; what was reached is recorded.
    Failed(Diagnostics),
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
            Self::Failed(diagnostics) => diagnostics,
            Self::Record(error) => Diagnostic::error("Not recorded", error.to_string()).into(),
        }
    }
}

/// An operation that is about to be done.
pub(crate) struct Task<'a> {
    pub(crate) operation: Operation,
    /// The resource as it will be recorded when the operation succeeds, without its object. For a delete: as it is recorded.
    pub(crate) goal: Resource,
    /// Whether a removed resource keeps its place, for it is made anew.
    pub(crate) keep: bool,
    /// The resource that is replaced, and stays until it is removed.
    pub(crate) replaces: Option<u64>,
    pub(crate) instance: &'a Instance,
    pub(crate) change: &'a Change,
    pub(crate) config: &'a Value,
    pub(crate) secrets: &'a BTreeSet<String>,
    pub(crate) fingerprint: String,
    pub(crate) limit: Option<Duration>,
}

impl Engine {
    /// Does it. Gives the object that is there afterwards.
    pub(crate) async fn operate(&self, ledger: &Ledger, task: Task<'_>) -> Result<Option<Object>, Stopped> {
        let (operation, address) = (task.operation, task.goal.address.clone());
        let id = ledger.start(self.pending(&task)?).await?;
        self.report(Event::Running { address: address.clone(), operation });
        let began = Instant::now();
        let performed = within(task.limit, task.instance.host.perform(task.change, task.config)).await;
        let done = |succeeded| Event::Done { address: address.clone(), operation, elapsed: began.elapsed(), succeeded };
        let outcome = match performed {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(fault)) => {
                self.report(done(false));
                if matches!(fault, Fault::Transport { sent: false, .. }) {
                    ledger.end(id, Vec::new(), Some(fault.to_string())).await?;
                }
                return Err(lost(&fault.to_string()).into());
            }
            Err(limit) => {
                self.report(done(false));
                return Err(lost(&format!("it took longer than {} s", limit.as_secs_f32())).into());
            }
        };
        let failed = outcome.diagnostics.has_errors();
        self.tell(Some(&address), &outcome.diagnostics);
        let changes = self.outcome(ledger, &task, outcome.object.as_ref(), failed)?;
        let error = failed.then(|| outcome.diagnostics.to_string());
        ledger.end(id, changes, error.filter(|_| task.secrets.is_empty())).await?;
        ledger.count(|counts| match operation {
            _ if failed => counts.failed += 1,
            Operation::Create => counts.created += 1,
            Operation::Update => counts.updated += 1,
            Operation::Delete => counts.deleted += 1,
        });
        self.report(done(!failed));
        if failed { Err(Stopped::Failed(outcome.diagnostics)) } else { Ok(outcome.object) }
    }

    fn pending(&self, task: &Task<'_>) -> Result<Pending, Diagnostics> {
        let mut pending = Pending {
            operation: task.operation,
            address: task.goal.address.clone(),
            type_name: task.goal.type_name.clone(),
            provider: task.goal.provider.clone(),
            resource: task.goal.id,
            config: std::collections::BTreeMap::new(),
            planned: std::collections::BTreeMap::new(),
            goal: None,
        };
        if task.operation == Operation::Create {
            let (_, info) = task.instance.resource(&task.goal.type_name)?;
            let secrets = task.secrets.union(&info.sensitive).cloned().collect();
            let place = format!("{}/pending", task.goal.id);
            let seal = |members| self.vault.seal_members(&place, members, &secrets).map_err(super::load::vault_error);
            let mut config = super::load::known_members(task.config);
            let mut planned = super::load::known_members(&task.change.planned);
            planned.retain(|name, value| config.get(name) != Some(value));
            config.retain(|_, value| !value.is_null());
            (pending.config, pending.planned) = (seal(config)?, seal(planned)?);
            pending.goal = Some(Box::new(task.goal.clone()));
        }
        Ok(pending)
    }

    /// What an operation that reached `object` changes in the state.
    fn outcome(
        &self,
        ledger: &Ledger,
        task: &Task<'_>,
        object: Option<&Object>,
        failed: bool,
    ) -> Result<Vec<state::Change>, Diagnostics> {
        let id = task.goal.id;
        let Some(object) = object else {
            let vacated = || Resource { object: None, fingerprint: String::new(), ..task.goal.clone() };
            return Ok(match task.operation {
                Operation::Delete if failed => Vec::new(),
                Operation::Delete if task.keep => vec![state::Change::Put(Box::new(vacated()))],
                Operation::Delete => vec![state::Change::Remove(id)],
                // Nothing was made, or what there was vanished.
                Operation::Create | Operation::Update => Vec::new(),
            });
        };
        let recorded = ledger.look(|state| state.resources.get(&id).cloned());
        let mut resource = match (failed, recorded) {
            // What a failed update or delete reached belongs to what is recorded.
            (true, Some(recorded)) if task.operation != Operation::Create => recorded,
            _ => task.goal.clone(),
        };
        resource.fingerprint = if failed { String::new() } else { task.fingerprint.clone() };
        resource.object = Some(self.store(task.instance, id, &resource.type_name, object, task.secrets)?);
        let mut changes = vec![state::Change::Put(Box::new(resource))];
        let replaced = task.replaces.and_then(|id| ledger.look(|state| state.resources.get(&id).cloned()));
        if let Some(mut replaced) = replaced {
            replaced.outgoing = true;
            changes.push(state::Change::Put(Box::new(replaced)));
        }
        Ok(changes)
    }

    /// Counts and tells that an operation was not done.
    pub(crate) fn failed(&self, node: usize, stopped: Stopped) -> Problem {
        let told = matches!(stopped, Stopped::Failed(_));
        let diagnostics = stopped.diagnostics();
        let node = &self.graph.nodes[node];
        if !told {
            self.tell(Some(&node.address), &diagnostics);
        }
        Problem { address: Some(node.address.clone()), location: Some(node.location()), diagnostics }
    }
}

/// The error about an operation of which nobody knows how far it got.
fn lost(reason: &str) -> Diagnostics {
    let detail = format!("{reason}. What it did is not known; the next `up` finds out, or says what to do.");
    Diagnostic::error("The operation did not end", detail).into()
}
