//! What can be asked of a state by hand.

use super::{Error, Stack};
use crate::state::{Change, Resource, State, Update};

impl Stack {
    /// What is recorded.
    pub fn state(&self) -> Result<State, Error> {
        self.look()
    }

    /// The latest updates, oldest first: runs that changed what is recorded, or were about to. It needs no valid state.
    pub fn history(&self) -> Result<Vec<Update>, Error> {
        let contents = self.store.read(&self.id)?.unwrap_or_default();
        Ok(self.unverified(&contents)?.state.updates)
    }

    /// Forgets a resource, which stays in the world.
    pub async fn state_remove(&self, address: &str) -> Result<(), Error> {
        self.edit("state remove", |state| {
            let resource = find(state, address)?;
            let user = state.resources.values().find(|other| other.needs().any(|id| *id == resource.id));
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
        let ledger = self.open("state clear-pending", None).await?;
        self.stopper.check()?;
        if !ledger.look(|state| state.pending.contains_key(&operation)) {
            return Err(Error::Edit(format!("there is no pending operation {operation}; `state list` shows them")));
        }
        ledger.end(operation, Vec::new(), Some("cleared by hand".to_owned())).await?;
        Ok(ledger.finish(true).await?)
    }

    /// Ends the lease of a run that no longer runs, or hangs. Says whose it was.
    pub fn unlock(&self) -> Result<Option<String>, Error> {
        Ok(self.store.unlock(&self.id)?)
    }

    /// Removes the stack, with its history. An error when anything is recorded in it.
    pub async fn remove(&self) -> Result<(), Error> {
        if self.store.read(&self.id)?.is_none() {
            return Err(Error::Edit(format!("stack {} does not exist; `stack list` shows which do", self.id)));
        }
        let (writer, contents) = self.writer("stack remove").await?;
        let State { resources, pending, .. } = self.valid(&contents)?.state;
        if !resources.is_empty() || !pending.is_empty() {
            let text = format!("stack {} is not empty: {} resources; run `destroy` first", self.id, resources.len());
            return Err(Error::Edit(text));
        }
        self.stopper.check()?;
        Ok(writer.remove()?)
    }

    /// The stacks of the project.
    pub fn stacks(&self) -> Result<Vec<String>, Error> {
        Ok(self.store.stacks(self.id.project())?)
    }

    async fn edit(&self, verb: &str, edit: impl FnOnce(&State) -> Result<Vec<Change>, Error>) -> Result<(), Error> {
        let ledger = self.open(verb, None).await?;
        self.stopper.check()?;
        let changes = ledger.look(edit)?;
        ledger.change(changes).await?;
        Ok(ledger.finish(true).await?)
    }
}

fn find<'s>(state: &'s State, address: &str) -> Result<&'s Resource, Error> {
    let missing = || Error::Edit(format!("{address} is not recorded; `state list` shows what is"));
    state.live(address).ok_or_else(missing)
}
