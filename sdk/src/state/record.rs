//! Entries and states as bytes: records and snapshots of the journal.

use disk::Digest;
use serde::{Deserialize, Serialize};

use super::{Entry, State};
use crate::store::Contents;

/// The version of what is written.
pub(super) const VERSION: u32 = 1;

/// One record of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    v: u32,
    /// Its number, one above that of the record before.
    pub seq: u64,
    /// The epoch of the writer.
    pub epoch: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// What it says.
    pub entry: Entry,
}

/// Why records are not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A newer release wrote it.
    #[error("the state has version {0}, and this release reads up to {VERSION}; use the newer release")]
    Newer(u64),
    /// It is not what was written.
    #[error("the state is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// It breaks a rule.
    #[error(
        "the state is not valid: {}; `state repair` says what it can mend, and `state import` puts an exported state in place",
        .0.join("; ")
    )]
    Broken(Vec<String>),
}

/// A state with the number of its last record.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Loaded {
    pub(crate) state: State,
    pub(crate) seq: u64,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// The first line of a snapshot; the state follows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    v: u32,
    seq: u64,
    digest: Digest,
}

/// The record of an entry.
pub(crate) fn write(seq: u64, epoch: u64, at: u64, entry: Entry) -> (Record, Vec<u8>) {
    let record = Record { v: VERSION, seq, epoch, at, entry };
    let bytes = serde_json::to_vec(&record).expect("its keys are texts");
    (record, bytes)
}

/// The snapshot of a state.
pub(crate) fn snapshot(loaded: &Loaded) -> Vec<u8> {
    let state = serde_json::to_vec(&loaded.state).expect("its keys are texts");
    let header = Header { v: VERSION, seq: loaded.seq, digest: Digest::of(&state) };
    let mut bytes = serde_json::to_vec(&header).expect("its keys are texts");
    bytes.push(b'\n');
    bytes.extend(state);
    bytes
}

/// The state that snapshot and records make. It is not verified.
pub(crate) fn load(contents: &Contents) -> Result<Loaded, Invalid> {
    let mut loaded = match &contents.snapshot {
        Some(bytes) => {
            let damaged = |what: &str| Invalid::Damaged(format!("the snapshot {what}"));
            let line = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("has no header"))?;
            let Header { seq, digest, .. } = read(&bytes[..line])?;
            let state = &bytes[line + 1..];
            if Digest::of(state) != digest {
                return Err(damaged("does not have its digest"));
            }
            let state = serde_json::from_slice(state).map_err(|error| damaged(&format!("cannot be read: {error}")))?;
            Loaded { state, seq }
        }
        None => Loaded::default(),
    };
    for bytes in &contents.records {
        let record: Record = read(bytes)?;
        if record.seq != loaded.seq + 1 {
            let detail = format!("record {} follows record {}", record.seq, loaded.seq);
            return Err(Invalid::Damaged(detail));
        }
        loaded.state.apply(&record.entry, record.epoch, record.at);
        loaded.seq = record.seq;
    }
    Ok(loaded)
}

/// Reads a document that says its version, which is looked at before anything else.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Invalid> {
    let damaged = |error: serde_json::Error| Invalid::Damaged(error.to_string());
    let Version { v } = serde_json::from_slice(bytes).map_err(damaged)?;
    if v > u64::from(VERSION) {
        return Err(Invalid::Newer(v));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}
