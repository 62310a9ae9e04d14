//! The machine: `(state, event, now) -> (state, commands)`.

mod command;
mod event;

pub use command::{Command, OpId};
pub use event::{Action, Event, FailureKind, Fleet, Observation, Policy, Refused, Start};
