//! What happens while a verb runs: the only way to display, in this process or as JSON.
//!
//! # Order
//! [`Event::Started`] is the first and [`Event::Ended`] the last. Everything that is planned comes before
//! [`Event::PlanEnded`], and nothing waits or runs before that. Of one operation comes first that it waits, then that it
//! runs, that it is done, and last what went wrong with it; it runs after all that it waits for is done. An object is looked
//! at before its resource is planned, or before the operation on it. Events of different resources come in any order, from
//! several threads.

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use framework::{Path, Severity, Value};
use serde::{Deserialize, Serialize};

use crate::secrets::HIDDEN;
use crate::state::{Counts, Operation};

pub(crate) use wire::without_controls;
pub use wire::{VERSION, WireChange, WireEvent};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A verb began.
    Started {
        /// What was run.
        verb: &'static str,
        /// On which stack, as `project/stack`.
        stack: String,
        /// How many operations may run at once.
        parallel: usize,
    },
    /// What a plan says about one resource. Resources that stay as they are are counted only.
    Planned {
        /// The address.
        address: String,
        /// What happens to it.
        step: Step,
        /// Its state before; null when there is none. What may not be shown is [`REDACTED`].
        before: Value,
        /// Its state afterwards, unknown where only apply will know; null when it is removed.
        after: Value,
        /// The attributes that change, and may not be shown.
        hidden: BTreeSet<String>,
        /// The attributes because of which it is replaced.
        replace: Vec<Path>,
        /// Why it is replaced, when it is not for an attribute.
        reason: Option<Reason>,
        /// Where it is declared, as `file:line`; empty when it is not.
        location: String,
    },
    /// The plan is whole.
    PlanEnded {
        /// What it says.
        summary: Summary,
        /// Whether the world was looked at, or only what is recorded.
        refreshed: bool,
    },
    /// An object is looked at in the world, for `--refresh`, `refresh`, or because an earlier run ended in the middle of an
    /// operation on it.
    Refreshing {
        /// The address.
        address: String,
    },
    /// An object was looked at.
    Refreshed {
        /// The address.
        address: String,
        /// How long it took.
        elapsed: Duration,
        /// Whether the provider could say what is there; what failed is in messages.
        succeeded: bool,
    },
    /// An operation of the plan waits. Once all of `on` are done, it waits only for one of those that run to end, for no more
    /// than [`Event::Started::parallel`] run at once.
    Waiting {
        /// The address.
        address: String,
        /// What will be done first.
        operation: Operation,
        /// The addresses whose operations it waits for.
        on: Vec<String>,
    },
    /// An operation began.
    Running {
        /// The address.
        address: String,
        /// What is done.
        operation: Operation,
    },
    /// An operation ended.
    Done {
        /// The address.
        address: String,
        /// What was done.
        operation: Operation,
        /// How long it took.
        elapsed: Duration,
        /// Whether it did all of it; what failed is in messages.
        succeeded: bool,
    },
    /// A resource that something was planned for needs no operation.
    Kept {
        /// The address.
        address: String,
        /// Whether it was imported; otherwise it is as declared already.
        imported: bool,
    },
    /// A resource was passed over.
    Skipped {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
    /// Something to tell the user.
    Message {
        /// How grave it is.
        severity: Severity,
        /// The address that it is about.
        address: Option<String>,
        /// Where that is declared, as `file:line`.
        location: Option<String>,
        /// What.
        text: String,
    },
    /// The verb ended.
    Ended {
        /// Whether all was done.
        succeeded: bool,
        /// What was done.
        counts: Counts,
        /// How long it took.
        elapsed: Duration,
        /// What the program exports, as far as it is known. What may not be shown is [`REDACTED`].
        exports: BTreeMap<String, Value>,
        /// What failed. The whole of it was told in messages before.
        failures: Vec<Failure>,
        /// After a failure, the operations that began and of which no end is recorded, by their numbers.
        pending: BTreeMap<u64, Unfinished>,
    },
}

/// Something that failed, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The address, when it is about a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where that is declared, as `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What went wrong, on one line.
    pub summary: String,
}

/// An operation of which nobody knows how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The address.
    pub address: String,
    /// What was being done.
    pub operation: Operation,
}

/// Why a resource is replaced without an attribute that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The user asked for it.
    Asked,
    /// Making it failed half-way.
    Incomplete,
}

/// What stands for a value that may not be shown.
pub const REDACTED: &str = HIDDEN;

/// What a plan does to one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Nothing.
    Same,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is made anew; the old one is removed afterwards.
    Replace,
    /// It is removed, then made anew.
    DeleteThenCreate,
    /// An existing object is taken over.
    Import,
    /// It is removed.
    Delete,
    /// It is no longer recorded, and stays in the world.
    Forget,
    /// A data source is read.
    Read,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(wire::word(*self))
    }
}

/// How many resources a plan does what to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many are made.
    pub create: u64,
    /// How many are changed.
    pub update: u64,
    /// How many are replaced.
    pub replace: u64,
    /// How many are removed.
    pub delete: u64,
    /// How many are taken over.
    pub import: u64,
    /// How many are no longer recorded.
    pub forget: u64,
    /// How many stay as they are.
    pub same: u64,
}

impl Summary {
    /// Counts one.
    pub(crate) fn count(&mut self, step: Step) {
        match step {
            Step::Same => self.same += 1,
            Step::Create => self.create += 1,
            Step::Update => self.update += 1,
            Step::Replace | Step::DeleteThenCreate => self.replace += 1,
            Step::Import => self.import += 1,
            Step::Delete => self.delete += 1,
            Step::Forget => self.forget += 1,
            Step::Read => {}
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        Self { same: 0, ..*self } == Self::default()
    }
}

/// Told of every event, from several threads, in the order of each resource.
pub type Reporter = Arc<dyn Fn(&Event) + Send + Sync>;
