//! What can be asked of a state by hand.

use super::{Error, Stack};
use crate::engine::remove_needed as needed;
use crate::state::{Change, Resource, State};

impl Stack {
    /// What is recorded.
    pub fn state(&self) -> Result<State, Error> {
        self.look()
    }

    /// Forgets a resource, which stays in the world.
    pub async fn state_remove(&self, address: &str) -> Result<(), Error> {
        self.edit("state remove", |state| {
            let resource = find(state, address)?;
            let user = state.resources.values().find(|other| needed(other).contains(&resource.id));
            if let Some(user) = user {
                return Err(Error::Edit(format!("{address} is used by {}; remove that first", user.address)));
            }
            Ok(vec![Change::Remove(resource.id)])
        })
        .await
    }

    /// Gives a resource another address.
    pub async fn state_move(&self, from: &str, to: &str) -> Result<(), Error> {
        self.edit("state move", |state| {
            if state.live(to).is_some() {
                return Err(Error::Edit(format!("{to} is recorded already")));
            }
            let mut resource = find(state, from)?.clone();
            let expected = to.rsplit('/').next().and_then(|last| last.split('.').next());
            if expected != Some(resource.type_name.as_str()) {
                return Err(Error::Edit(format!("{to} is no address of a {}", resource.type_name)));
            }
            to.clone_into(&mut resource.address);
            Ok(vec![Change::Put(Box::new(resource))])
        })
        .await
    }

    /// Protects a resource from being removed or replaced, or no longer does, until the next `up` says otherwise.
    pub async fn state_protect(&self, address: &str, protect: bool) -> Result<(), Error> {
        let verb = if protect { "state protect" } else { "state unprotect" };
        self.edit(verb, |state| {
            let resource = Resource { protect, ..find(state, address)?.clone() };
            Ok(vec![Change::Put(Box::new(resource))])
        })
        .await
    }

    /// Forgets an operation that never ended: what it did is known to have no effect.
    pub async fn state_clear_pending(&self, operation: u64) -> Result<(), Error> {
        let ledger = self.open("state clear-pending").await?.ledger;
        if !ledger.look(|state| state.pending.contains_key(&operation)) {
            ledger.finish(false).await?;
            return Err(Error::Edit(format!("there is no pending operation {operation}; `state list` shows them")));
        }
        ledger.end(operation, Vec::new(), Some("cleared by hand".to_owned())).await?;
        Ok(ledger.finish(true).await?)
    }

    /// Ends the lease of a run that no longer runs, or hangs. Says whose it was.
    pub fn unlock(&self) -> Result<Option<String>, Error> {
        Ok(self.store.unlock(&self.id)?)
    }

    /// The stacks of the project.
    pub fn stacks(&self) -> Result<Vec<String>, Error> {
        Ok(self.store.stacks(self.id.project())?)
    }

    async fn edit(&self, verb: &str, edit: impl FnOnce(&State) -> Result<Vec<Change>, Error>) -> Result<(), Error> {
        let ledger = self.open(verb).await?.ledger;
        let changed = match ledger.look(edit) {
            Ok(changes) => ledger.change(changes).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        ledger.finish(changed.is_ok()).await?;
        changed
    }
}

fn find<'s>(state: &'s State, address: &str) -> Result<&'s Resource, Error> {
    let missing = || Error::Edit(format!("{address} is not recorded; `state list` shows what is"));
    state.live(address).ok_or_else(missing)
}
