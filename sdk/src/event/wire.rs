//! Events as JSON lines: what `--json` prints, described in `docs/sdk-events.md`, which is made from this file. Fields and
//! events are added, never changed or removed; readers pass over what they do not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use framework::{Severity, Value, json};
use serde::Serialize;
use serde_json::Value as Json;

use super::{Event, Failure, Reason, Step, Summary, Unfinished};
use crate::state::{Counts, Operation};

/// The version of what is printed. It rises when a reader of the version before could misunderstand.
pub const VERSION: u32 = 1;

/// An event as it is printed, under `type` in kebab case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum WireEvent {
    /// A verb began. Always the first line.
    Started {
        /// The version of the lines that follow, 1.
        version: u32,
        /// What is run: `preview`, `up`, `refresh`, `destroy` or `import`.
        verb: String,
        /// On which stack, as `project/stack`.
        stack: String,
        /// How many operations may run at once.
        parallel: usize,
    },
    /// What a plan says about one resource; for `refresh`, how one differs from what was recorded. Resources that stay as they
    /// are are counted only.
    Planned {
        /// The address.
        address: String,
        /// `create`, `update`, `replace` (create, then delete), `delete-then-create`, `import`, `delete`, `forget` or `read`.
        step: &'static str,
        /// The attributes that change.
        changes: Vec<WireChange>,
        /// The paths because of which it is replaced.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        replace: Vec<String>,
        /// Why it is replaced without such a path: `asked` by `--replace`, or `incomplete`, for making it failed half-way.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// Where it is declared, as `file:line`.
        #[serde(skip_serializing_if = "String::is_empty")]
        location: String,
    },
    /// The plan is whole.
    PlanEnded {
        /// How many resources are made.
        create: u64,
        /// How many are changed.
        update: u64,
        /// How many are replaced.
        replace: u64,
        /// How many are removed.
        delete: u64,
        /// How many are taken over.
        import: u64,
        /// How many are no longer recorded, and stay in the world.
        forget: u64,
        /// How many stay as they are.
        same: u64,
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
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
        /// Whether the provider could say what is there. What went wrong is in the messages that follow.
        succeeded: bool,
    },
    /// An operation of the plan waits: for those of `on`, and once these are done, for one of those that run to end, for no more
    /// than `parallel` run at once.
    Waiting {
        /// The address.
        address: String,
        /// What will be done first: `create`, `update` or `delete`.
        operation: Operation,
        /// The addresses whose operations it waits for.
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
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
        /// Whether it did all of it. What went wrong is in the messages that follow.
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
        /// `error` or `warning`.
        severity: &'static str,
        /// The address that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Where that is declared, as `file:line`.
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<String>,
        /// What, in one or more lines.
        text: String,
    },
    /// The verb ended. Always the last line.
    Ended {
        /// Whether all was done.
        succeeded: bool,
        /// What was done.
        counts: Counts,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
        /// What the program exports, by name. What may not be shown is `"(secret)"`.
        exports: BTreeMap<String, Json>,
        /// The exports that only `up` will know.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<String>,
        /// What failed; each was told in a message before.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        failures: Vec<Failure>,
        /// After a failure, the operations that began and of which no end is recorded, by their numbers.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        pending: BTreeMap<u64, Unfinished>,
    },
}

/// An attribute that changes. What may not be shown is `"(secret)"` before and afterwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WireChange {
    /// Its name.
    pub attribute: String,
    /// Its value before; null when there is none.
    pub before: Json,
    /// Its value afterwards; null when there is none, or when it is `unknown`.
    pub after: Json,
    /// Whether it, or a part of it, will be known only afterwards.
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

fn changes(before: &Value, after: &Value, hidden: &BTreeSet<String>) -> Vec<WireChange> {
    let members = |value: &Value| value.as_map().cloned().unwrap_or_default();
    let mut names: Vec<String> = members(before).into_keys().chain(members(after).into_keys()).collect();
    names.sort();
    names.dedup();
    let change = |attribute: String| {
        let (before, after) = (before.member(&attribute), after.member(&attribute));
        let as_json = |value| json::to_json(value).unwrap_or(Json::Null);
        let unknown = !after.is_wholly_known();
        let differs = before != after || hidden.contains(&attribute);
        differs.then(|| WireChange { before: as_json(before), after: as_json(after), attribute, unknown })
    };
    names.into_iter().filter_map(change).collect()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The word for a severity.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl WireEvent {
    /// The event as a line, without the line end. It holds no control characters.
    #[expect(clippy::missing_panics_doc, reason = "all that it holds can be written")]
    pub fn to_line(&self) -> String {
        without_controls(&serde_json::to_string(self).expect("its keys are texts and numbers"))
    }
}

/// The JSON with the control characters escaped that JSON lets stand in texts, for a terminal may take them for commands.
pub(crate) fn without_controls(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() && c != '\n' {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

impl From<&Event> for WireEvent {
    fn from(event: &Event) -> Self {
        match event.clone() {
            Event::Started { verb, stack, parallel } => {
                Self::Started { version: VERSION, verb: verb.to_owned(), stack, parallel }
            }
            Event::Planned { address, step, before, after, hidden, replace, reason, location } => Self::Planned {
                address,
                step: word(step),
                changes: changes(&before, &after, &hidden),
                replace: replace.iter().map(ToString::to_string).collect(),
                reason,
                location,
            },
            Event::PlanEnded { summary, refreshed } => {
                let Summary { create, update, replace, delete, import, forget, same } = summary;
                Self::PlanEnded { create, update, replace, delete, import, forget, same, refreshed }
            }
            Event::Refreshing { address } => Self::Refreshing { address },
            Event::Refreshed { address, elapsed, succeeded } => {
                Self::Refreshed { address, elapsed_ms: milliseconds(elapsed), succeeded }
            }
            Event::Waiting { address, operation, on } => Self::Waiting { address, operation, on },
            Event::Running { address, operation } => Self::Running { address, operation },
            Event::Done { address, operation, elapsed, succeeded } => {
                Self::Done { address, operation, elapsed_ms: milliseconds(elapsed), succeeded }
            }
            Event::Kept { address, imported } => Self::Kept { address, imported },
            Event::Skipped { address, reason } => Self::Skipped { address, reason },
            Event::Message { severity: grave, address, location, text } => {
                Self::Message { severity: severity(grave), address, location, text }
            }
            Event::Ended { succeeded, counts, elapsed, exports, failures, pending } => {
                let known = |(name, value): (&String, &Value)| Some((name.clone(), json::to_json(value)?));
                let unknown = |(name, value): (&String, &Value)| (!value.is_wholly_known()).then(|| name.clone());
                Self::Ended {
                    succeeded,
                    counts,
                    elapsed_ms: milliseconds(elapsed),
                    unknown: exports.iter().filter_map(unknown).collect(),
                    exports: exports.iter().filter_map(known).collect(),
                    failures,
                    pending,
                }
            }
        }
    }
}
