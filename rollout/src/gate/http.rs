//! A request of the gate's own to every ready replica of the candidate.

use serde::{Deserialize, Serialize};

use crate::Span;

/// What is asked, and what must be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The path that is asked for with GET.
    pub path: String,
    /// The status code that is expected.
    pub status: u16,
    /// How long an answer may take.
    pub timeout: Span,
    /// So many failures in a row fail the gate.
    pub failures: u32,
}

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {}
