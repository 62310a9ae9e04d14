//! Why a verb did not do what it was run for.

use std::sync::Arc;

use super::Report;
use crate::providers::ProviderError;
use crate::recorder::RecordError;
use crate::state::Invalid;
use crate::store::StoreError;
use crate::{InvalidName, Problem, secrets};

/// Why a verb did not do what it was run for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program did not declare what it wants.
    #[error("the program failed: {0}")]
    Program(String),
    /// A provider does not run.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The state cannot be read or written now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept is no valid state.
    #[error(transparent)]
    State(#[from] Invalid),
    /// An entry was not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Nothing was changed, for these reasons.
    #[error("nothing was changed: {}", list(.0))]
    Refused(Vec<Problem>),
    /// Some of it was not done; the report says what was.
    #[error("not everything was done: {}", list(&.0.problems))]
    Incomplete(Arc<Report>),
    /// The user said no.
    #[error("nothing was changed, as you wished")]
    Declined,
    /// It was asked to stop before it changed anything.
    #[error("nothing was changed, for the run was stopped")]
    Stopped,
    /// A name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A secret was neither opened nor sealed, or the key of the stack was not.
    #[error(transparent)]
    Secrets(#[from] Arc<secrets::Error>),
    /// What is asked of the state cannot be done.
    #[error("{0}")]
    Edit(String),
    /// A saved plan cannot be used.
    #[error("the plan cannot be used: {0}")]
    Plan(String),
}

fn list(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().take(20).map(ToString::to_string).collect();
    if problems.len() > lines.len() {
        lines.push(format!("and {} more", problems.len() - lines.len()));
    }
    lines.join("\n")
}
