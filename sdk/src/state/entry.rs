//! Entries of the journal, and what each does to the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{HISTORY, Pending, Resource, State, Update};

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
    /// Operations that failed.
    pub failed: u64,
    /// Resources that were passed over, for something that they need failed.
    pub skipped: u64,
}

impl State {
    /// What the state is after `entry`, which was written by a writer of `epoch` at this time.
    pub fn apply(&mut self, entry: &Entry, epoch: u64, at: u64) {
        match entry {
            Entry::Started { id, verb } => {
                self.updates.push(Update { id: *id, verb: verb.clone(), epoch, started: at, ended: None });
                let surplus = self.updates.len().saturating_sub(HISTORY);
                self.updates.drain(..surplus);
            }
            Entry::Begin { id, pending } => {
                self.next_operation = self.next_operation.max(id + 1);
                self.next_id = self.next_id.max(pending.resource + 1);
                self.pending.insert(*id, (**pending).clone());
            }
            Entry::End { id, changes, .. } => {
                self.pending.remove(id);
                for change in changes {
                    self.change(change);
                }
            }
            Entry::Changed { changes } => {
                for change in changes {
                    self.change(change);
                }
            }
            Entry::Finished { id, ended } => {
                if let Some(update) = self.updates.iter_mut().rev().find(|update| update.id == *id) {
                    update.ended = Some(ended.clone());
                }
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Put(resource) => {
                self.next_id = self.next_id.max(resource.id + 1);
                self.resources.insert(resource.id, (**resource).clone());
            }
            Change::Remove(id) => drop(self.resources.remove(id)),
            Change::Exports(exports) => self.exports.clone_from(exports),
        }
    }
}
