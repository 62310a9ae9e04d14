//! Puts a whole state in place of the recorded one: a mended one, or one that was exported.
//!
//! What would change is said first, without the right to write, so that nobody is kept out while a person thinks. It is then
//! one durable change, refused if the state was written to in between.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Stack};
use crate::secrets::Header;
use crate::state::{self, Change, Counts, Ended, Entry, Export, Loaded, MAX_NUMBER, Resource, State, Update};

/// A state to be put in place of the recorded one by [`Stack::state_rewrite`].
#[derive(Debug, Clone)]
pub struct Rewrite {
    verb: &'static str,
    /// The position at which the recorded state was looked at.
    base: u64,
    position: u64,
    state: State,
    changes: Vec<String>,
}

impl Rewrite {
    /// What differs from the recorded state, in words; nothing when there is nothing to do.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }
}

impl Stack {
    /// The whole recorded state, also one that breaks rules, as a document.
    pub fn state_export(&self) -> Result<Export, Error> {
        let contents =
            self.store.read(&self.id)?.ok_or_else(|| Error::Edit(format!("nothing is recorded of {}", self.id)))?;
        let Loaded { state, seq } = self.unverified(&contents)?;
        Ok(Export::new(self.id.to_string(), seq, state))
    }

    /// What it takes to put an exported state in place of the recorded one, which may be broken. It must be one of this stack,
    /// be valid, and, unless `force` says otherwise, neither older than what is recorded, nor edited, nor sealed with another
    /// key. Of the same key, the later list of holders stays.
    pub fn state_import(&self, export: Export, force: bool) -> Result<Rewrite, Error> {
        let edited = export.is_edited();
        let Export { stack, position, mut state, .. } = export;
        if stack != self.id.to_string() {
            return Err(Error::Edit(format!("it is the state of stack {stack}, and this is {}", self.id)));
        }
        let mut broken = state.verify();
        if position > MAX_NUMBER {
            broken.push(format!("position {position} cannot be"));
        }
        if !broken.is_empty() {
            return Err(Error::Edit(format!("it is no valid state: {}", broken.join("; "))));
        }
        if edited && !force {
            let text = "it was changed since it was exported, or damaged; --force takes it as it is";
            return Err(Error::Edit(text.to_owned()));
        }
        let recorded = self.recorded()?;
        if position < recorded.seq && !force {
            return Err(Error::Edit(format!(
                "it is the state at position {position}, and what is recorded is at {}: what was done since would be \
                 forgotten; --force does that",
                recorded.seq
            )));
        }
        state.secrets = header(&recorded, position, state.secrets, force)?;
        let changes = differences(&recorded.state, &state);
        Ok(Rewrite { verb: "state import", base: recorded.seq, position, state, changes })
    }

    /// What it takes to mend the recorded state where it breaks rules. What only a person can mend is an error.
    pub fn state_repair(&self) -> Result<Rewrite, Error> {
        let recorded = self.recorded()?;
        let state::Repaired { state, mends, left } = recorded.state.repair();
        if !left.is_empty() {
            let left = left.join("; ");
            return Err(Error::Edit(format!(
                "this cannot be mended: {left}; put a valid state in place with `state import`"
            )));
        }
        Ok(Rewrite { verb: "state repair", base: recorded.seq, position: recorded.seq, state, changes: mends })
    }

    /// Puts a state in place of the recorded one, whose history goes on. All of it is done, or nothing.
    pub async fn state_rewrite(&self, rewrite: Rewrite) -> Result<(), Error> {
        let Rewrite { verb, base, position, mut state, changes } = rewrite;
        if changes.is_empty() {
            return Ok(());
        }
        let (mut writer, contents) = self.writer(verb).await?;
        let recorded = self.unverified(&contents)?;
        if recorded.seq != base {
            return Err(Error::Edit("the state was written to since this was asked for; run it again".to_owned()));
        }
        self.stopper.check()?;
        // Numbers are not given twice, whichever of the two states gave them.
        state.next_id = state.next_id.max(recorded.state.next_id);
        state.next_operation = state.next_operation.max(recorded.state.next_operation);
        state.updates = history(recorded.state, &state, verb, (writer.epoch(), (self.clock)()));
        let snapshot = state::snapshot(&Loaded { state, seq: position.max(recorded.seq) + 1 });
        let written = tokio::task::spawn_blocking(move || writer.compact(&snapshot)).await;
        Ok(written.map_err(|error| Error::Edit(error.to_string()))??)
    }

    /// What is recorded, valid or not; an empty state when nothing is.
    fn recorded(&self) -> Result<Loaded, Error> {
        self.unverified(&self.store.read(&self.id)?.unwrap_or_default())
    }
}

/// The header that an imported state gets. The one that it brings is that of its time: it may hold copies of the key for holders
/// who were dropped since.
fn header(recorded: &Loaded, position: u64, imported: Option<Header>, force: bool) -> Result<Option<Header>, Error> {
    match (recorded.state.secrets.clone(), imported) {
        (Some(kept), Some(imported)) if kept.key() != imported.key() => {
            if force {
                return Ok(Some(imported));
            }
            Err(Error::Edit(format!(
                "its secrets are sealed with data key {}, and those of the stack with {}: whoever could open that one opens \
                 the secrets again, and sealed settings have to be set again; --force does that",
                imported.key(),
                kept.key()
            )))
        }
        (Some(kept), Some(_)) if position <= recorded.seq => Ok(Some(kept)),
        (kept, imported) => Ok(imported.or(kept)),
    }
}

/// The history of the recorded state, with the rewrite to this state as its latest update.
fn history(mut recorded: State, state: &State, verb: &str, (epoch, at): (u64, u64)) -> Vec<Update> {
    let id = recorded.next_update();
    let forgotten = recorded.resources.keys().filter(|id| !state.resources.contains_key(id));
    let mut changes: Vec<Change> = forgotten.map(|id| Change::Remove(*id)).collect();
    let other = state.resources.iter().filter(|(id, resource)| recorded.resources.get(id) != Some(resource));
    changes.extend(other.map(|(_, resource)| Change::Put(Box::new(resource.clone()))));
    // What earlier updates kept does not open with another key.
    changes.extend(state.secrets.clone().map(|header| Change::Secrets(Box::new(header))));
    let ended = Ended { at, succeeded: true, counts: Counts::default() };
    let started = Entry::Started { id, verb: verb.to_owned(), seed: None };
    for entry in [started, Entry::Changed { changes }, Entry::Finished { id, ended }] {
        recorded.apply(&entry, epoch, at);
    }
    recorded.updates
}

/// What a state differs in from the recorded one.
fn differences(recorded: &State, state: &State) -> Vec<String> {
    let mut changes = Vec::new();
    let ids: BTreeSet<u64> = recorded.resources.keys().chain(state.resources.keys()).copied().collect();
    for id in ids {
        changes.extend(match (recorded.resources.get(&id), state.resources.get(&id)) {
            (Some(before), None) => Some(format!("{} is forgotten", named(before))),
            (None, Some(after)) => Some(format!("{} is recorded", named(after))),
            (Some(before), Some(after)) if before != after => Some(format!("{} changes", named(after))),
            _ => None,
        });
    }
    let pending = |state: &State| -> BTreeMap<u64, String> {
        let all = state.pending.iter();
        all.map(|(id, pending)| (*id, format!("operation {id}, {} of {}", pending.operation, pending.address)))
            .collect()
    };
    let (before, after) = (pending(recorded), pending(state));
    let cleared = before.iter().filter(|(id, _)| !after.contains_key(id));
    changes.extend(cleared.map(|(_, pending)| format!("{pending}, is no longer pending")));
    let begun = after.iter().filter(|(id, _)| !before.contains_key(id));
    changes.extend(begun.map(|(_, pending)| format!("{pending}, is pending")));
    if recorded.exports != state.exports {
        changes.push("the exports change".to_owned());
    }
    if let (Some(before), Some(after)) = (&recorded.secrets, &state.secrets)
        && before.key() != after.key()
    {
        changes.push(format!(
            "the data key {} takes the place of {}: whoever could open it can again, `secrets rotate` shuts them out",
            after.key(),
            before.key()
        ));
    }
    let rest = State { updates: recorded.updates.clone(), ..state.clone() };
    if changes.is_empty() && rest != *recorded {
        changes.push("no resource changes; what else is recorded does".to_owned());
    }
    changes
}

fn named(resource: &Resource) -> String {
    if resource.outgoing { format!("{} (replaced)", resource.address) } else { resource.address.clone() }
}
