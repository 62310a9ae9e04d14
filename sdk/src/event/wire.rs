//! Events as JSON lines: what `--json` prints. Fields are added, never changed or removed; readers pass over what they do
//! not know.

use std::time::Duration;

use framework::{Severity, Value, json};
use serde::Serialize;
use serde_json::Value as Json;

use super::{Event, Step, Summary};
use crate::state::{Counts, Operation};

/// An event as it is printed, under `type` in kebab case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum WireEvent {
    /// A verb began.
    Started {
        /// What was run.
        verb: String,
        /// `project/stack`.
        stack: String,
    },
    /// What a plan says about one resource.
    Planned {
        /// The address.
        address: String,
        /// `create`, `update`, `replace`, `delete-then-create`, `import`, `delete`, `forget` or `read`.
        step: &'static str,
        /// The attributes that change.
        changes: Vec<WireChange>,
        /// The paths because of which it is replaced.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        replace: Vec<String>,
        /// `file:line`.
        #[serde(skip_serializing_if = "String::is_empty")]
        location: String,
    },
    /// The plan is whole.
    PlanEnded {
        /// How many resources are made.
        create: u64,
        /// Changed.
        update: u64,
        /// Replaced.
        replace: u64,
        /// Removed.
        delete: u64,
        /// Taken over.
        import: u64,
        /// No longer recorded.
        forget: u64,
        /// Left as they are.
        same: u64,
        /// Whether the world was looked at.
        refreshed: bool,
    },
    /// An operation waits.
    Waiting {
        /// The address.
        address: String,
        /// For these.
        on: Vec<String>,
    },
    /// An operation began.
    Running {
        /// The address.
        address: String,
        /// `create`, `update` or `delete`.
        operation: Operation,
    },
    /// An operation ended.
    Done {
        /// The address.
        address: String,
        /// `create`, `update` or `delete`.
        operation: Operation,
        /// How long it took.
        elapsed_ms: u64,
        /// Whether it did all of it.
        succeeded: bool,
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
        /// `error` or `warning`.
        severity: &'static str,
        /// The address that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
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
        elapsed_ms: u64,
    },
}

/// An attribute that changes. What may not be shown is `"(secret)"`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WireChange {
    /// Its name.
    pub attribute: String,
    /// Its value before.
    pub before: Json,
    /// Its value afterwards; null when `unknown`.
    pub after: Json,
    /// Whether any part of it will be known only afterwards.
    pub unknown: bool,
}

/// The word for a step.
pub(crate) fn word(step: Step) -> &'static str {
    match step {
        Step::Same => "same",
        Step::Create => "create",
        Step::Update => "update",
        Step::Replace => "replace",
        Step::DeleteThenCreate => "delete-then-create",
        Step::Import => "import",
        Step::Delete => "delete",
        Step::Forget => "forget",
        Step::Read => "read",
    }
}

fn changes(before: &Value, after: &Value) -> Vec<WireChange> {
    let members = |value: &Value| value.as_map().cloned().unwrap_or_default();
    let mut names: Vec<String> = members(before).into_keys().chain(members(after).into_keys()).collect();
    names.sort();
    names.dedup();
    let change = |attribute: String| {
        let (before, after) = (before.member(&attribute), after.member(&attribute));
        let as_json = |value| json::to_json(value).unwrap_or(Json::Null);
        let unknown = !after.is_wholly_known();
        (before != after).then(|| WireChange { before: as_json(before), after: as_json(after), attribute, unknown })
    };
    names.into_iter().filter_map(change).collect()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The word for a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl From<&Event> for WireEvent {
    fn from(event: &Event) -> Self {
        match event.clone() {
            Event::Started { verb, stack } => Self::Started { verb: verb.to_owned(), stack },
            Event::Planned { address, step, before, after, replace, location } => Self::Planned {
                address,
                step: word(step),
                changes: changes(&before, &after),
                replace: replace.iter().map(ToString::to_string).collect(),
                location,
            },
            Event::PlanEnded { summary, refreshed } => {
                let Summary { create, update, replace, delete, import, forget, same } = summary;
                Self::PlanEnded { create, update, replace, delete, import, forget, same, refreshed }
            }
            Event::Waiting { address, on } => Self::Waiting { address, on },
            Event::Running { address, operation } => Self::Running { address, operation },
            Event::Done { address, operation, elapsed, succeeded } => {
                Self::Done { address, operation, elapsed_ms: milliseconds(elapsed), succeeded }
            }
            Event::Skipped { address, reason } => Self::Skipped { address, reason },
            Event::Message { severity: grave, address, text } => {
                Self::Message { severity: severity(grave), address, text }
            }
            Event::Ended { succeeded, counts, elapsed } => {
                Self::Ended { succeeded, counts, elapsed_ms: milliseconds(elapsed) }
            }
        }
    }
}
