//! Replacements that remove the old object before the new one is made.

use std::pin::Pin;

use framework::Diagnostic;

use super::operate::{Leaves, Stopped};
use super::{Bounds, Engine, Ledger};
use crate::event::Step;
use crate::state::{Change, Resource};

impl Engine {
    /// Whether this run removed the recorded object of a node already.
    pub(super) fn is_vacated(&self, node: usize, ledger: &Ledger) -> bool {
        let Some(prior) = self.prior(node) else { return false };
        let vacant = |resource: &Resource| resource.object.is_none();
        prior.object.is_some() && ledger.look(|state| state.resources.get(&prior.id).is_none_or(vacant))
    }

    /// Whether the recorded object of a node was made with that of another.
    pub(super) fn made_with(&self, node: usize, needed: usize) -> bool {
        let (Some(prior), Some(needed)) = (self.prior(node), self.priors[needed]) else { return false };
        prior.needs().any(|id| *id == needed)
    }

    /// Removes the object of a resource that is made anew in its place, after the objects that were made with it and are made
    /// anew in theirs. What needs this node waits for it, so nothing else works on those.
    pub(super) fn vacate<'a>(
        &'a self,
        node: usize,
        ledger: &'a Ledger,
        bounds: &'a Bounds,
    ) -> Pin<Box<dyn Future<Output = Result<(), Stopped>> + Send + 'a>> {
        Box::pin(async move {
            let Some(id) = self.priors[node].filter(|_| !self.is_vacated(node, ledger)) else { return Ok(()) };
            for user in self.users[node].iter().copied().filter(|user| self.made_with(*user, node)) {
                let bound = bounds.get(&self.graph.nodes[user].address);
                if bound.is_some_and(|bound| bound.step == Step::DeleteThenCreate) {
                    self.vacate(user, ledger, bounds)
                        .await
                        .map_err(|stopped| not_removed(&self.graph.nodes[user].address, stopped))?;
                }
            }
            let Some(resource) = ledger.look(|state| state.resources.get(&id).cloned()) else { return Ok(()) };
            if resource.object.is_none() || resource.retain_on_delete {
                let vacated = Resource { object: None, fingerprint: String::new(), ..resource };
                return Ok(ledger.change(vec![Change::Put(Box::new(vacated))]).await?);
            }
            self.delete(ledger, resource, self.graph.nodes[node].declaration(), Leaves::Place).await
        })
    }
}

/// The error about something that is removed first, and was not.
fn not_removed(address: &str, stopped: Stopped) -> Stopped {
    match stopped {
        Stopped::Failed(diagnostics) | Stopped::After(diagnostics) => {
            let summary = format!("{address} was made with it and is removed first, which failed");
            Stopped::Failed(Diagnostic::error(summary, diagnostics.to_string()).into())
        }
        Stopped::Record(error) => Stopped::Record(error),
    }
}
