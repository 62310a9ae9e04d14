//! A state as one JSON document, to be kept elsewhere and put back.

use disk::Digest;
use serde::{Deserialize, Serialize};

use super::record::{VERSION, read};
use super::{Invalid, State};

/// The state of a stack at some position of its journal. Secrets in it are sealed as they are recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    v: u32,
    /// The stack, as `project/stack`.
    pub stack: String,
    /// The number of the last record that the state holds. A later state of the same stack has a higher one.
    pub position: u64,
    digest: Digest,
    /// The state.
    pub state: State,
}

impl Export {
    /// The state of this stack at this position.
    pub fn new(stack: String, position: u64, state: State) -> Self {
        let digest = digest(&stack, position, &state);
        Self { v: VERSION, stack, position, digest, state }
    }

    /// Whether it was changed since it was exported. How the JSON is laid out does not matter.
    pub fn is_edited(&self) -> bool {
        digest(&self.stack, self.position, &self.state) != self.digest
    }

    /// It as a document.
    #[expect(clippy::missing_panics_doc, reason = "it does not")]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("its keys are texts")
    }

    /// Reads a document.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        read(text.as_bytes())
    }
}

/// Stands for everything in an export, and for its form without layout.
fn digest(stack: &str, position: u64, state: &State) -> Digest {
    let parts = (VERSION, stack, position, state);
    Digest::of(&serde_json::to_vec(&parts).expect("its keys are texts"))
}
