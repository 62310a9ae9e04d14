//! Entries of the journal, and what each does to the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Pending, Provider, Resource, State, Update};
use crate::secrets::Header;

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// An update began.
    Started {
        /// Its number.
        id: u64,
        /// What was run.
        verb: String,
        /// What the program made up things of, if it ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    /// An operation is about to be asked of a provider.
    Begin {
        /// Its id.
        id: u64,
        /// What it is.
        pending: Box<Pending>,
    },
    /// An operation ended.
    End {
        /// Its id.
        id: u64,
        /// What it changed.
        changes: Vec<Change>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The state changed without a provider.
    Changed {
        /// What changed.
        changes: Vec<Change>,
    },
    /// The update ended.
    Finished {
        /// Its number.
        id: u64,
        /// How.
        ended: Ended,
    },
}

/// A change of the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// The resource is this now.
    Put(Box<Resource>),
    /// The resource of this id is no longer recorded.
    Remove(u64),
    /// The exports are these now.
    Exports(BTreeMap<String, Json>),
    /// The declared provider instances are these now.
    Providers(BTreeMap<String, Provider>),
    /// The key of its secrets is wrapped like this now.
    Secrets(Box<Header>),
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Whether all was done.
    pub succeeded: bool,
    /// What was done.
    pub counts: Counts,
}

/// How many operations did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// Objects made, halves of replacements included.
    pub created: u64,
    /// Objects changed.
    pub updated: u64,
    /// Objects removed, halves of replacements included.
    pub deleted: u64,
    /// Resources that were left as they are.
    pub same: u64,
    /// Resources of which an operation, a hook or the plan failed.
    pub failed: u64,
    /// Resources that were passed over, for something that they need failed.
    pub skipped: u64,
}

impl State {
    /// What the state is after `entry`, which was written by a writer of `epoch` at this time.
    pub fn apply(&mut self, entry: &Entry, epoch: u64, at: u64) {
        match entry {
            Entry::Started { id, verb, seed } => {
                let (id, verb, seed, before) = (*id, verb.clone(), *seed, BTreeMap::new());
                self.begin(Update { id, verb, seed, epoch, started: at, ended: None, before });
            }
            Entry::Begin { id, pending } => {
                self.next_operation = self.next_operation.max(id.saturating_add(1));
                self.next_id = self.next_id.max(pending.resource.saturating_add(1));
                self.pending.insert(*id, (**pending).clone());
            }
            Entry::End { id, changes, .. } => {
                self.pending.remove(id);
                self.change_all(changes);
            }
            Entry::Changed { changes } => self.change_all(changes),
            Entry::Finished { id, ended } => {
                if let Some(update) = self.updates.iter_mut().rev().find(|update| update.id == *id) {
                    update.ended = Some(ended.clone());
                }
            }
        }
    }

    /// What the state is after these changes.
    pub(crate) fn change_all(&mut self, changes: &[Change]) {
        for change in changes {
            self.change(change);
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Put(resource) => {
                self.next_id = self.next_id.max(resource.id.saturating_add(1));
                self.hide(resource);
                let before = self.resources.insert(resource.id, (**resource).clone());
                self.note(resource.id, before);
            }
            Change::Remove(id) => {
                let before = self.resources.remove(id);
                self.note(*id, before);
            }
            Change::Exports(exports) => self.exports.clone_from(exports),
            Change::Providers(providers) => self.providers.clone_from(providers),
            Change::Secrets(header) => self.wrap(header),
        }
    }

    /// Takes another header. What earlier updates kept is dropped with the key that sealed it.
    fn wrap(&mut self, header: &Header) {
        if self.secrets.as_ref().is_some_and(|recorded| recorded.key() != header.key()) {
            self.updates.iter_mut().for_each(|update| update.before.clear());
        }
        self.secrets = Some(header.clone());
    }
}
