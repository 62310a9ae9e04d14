//! The machine's state as it is kept: with the version of its form.

use serde::{Deserialize, Serialize};

use crate::machine::State;

/// The version of the form that is written.
pub const VERSION: u32 = 1;

/// What is kept of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    state: State,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// A record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A later release wrote it.
    #[error(
        "the record has version {0}, and this release knows version {VERSION}: start the release that wrote it, or a later one"
    )]
    Version(u32),
    /// It is no record.
    #[error("the record of a rollout cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// The record of a state.
///
/// # Panics
/// Never: a state has only text as keys, and no number that JSON lacks.
pub fn write(state: &State) -> Vec<u8> {
    let record = Record { version: VERSION, state: state.clone() };
    serde_json::to_vec(&record).expect("a state has only text as keys and no number that JSON lacks")
}

/// The state of a record.
pub fn read(record: &[u8]) -> Result<State, Error> {
    let Head { version } = serde_json::from_slice(record)?;
    if version != VERSION {
        return Err(Error::Version(version));
    }
    Ok(serde_json::from_slice::<Record>(record)?.state)
}
