//! What the machine asks of its host.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::Happening;
use crate::{RevisionId, Weights};

/// The name of an operation. A command that is given again has the same one, and doing it twice is doing it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u64);

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op-{}", self.0)
    }
}

/// Something to do. The host writes the state to its journal before it does it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Sees to it that the revision has so many replicas; 0 drains and retires it.
    Ensure {
        /// The operation.
        id: OpId,
        /// Whose replicas.
        revision: RevisionId,
        /// How many.
        replicas: u32,
        /// Whether requests in flight get only the short drain, because the revision is being taken back.
        abort: bool,
    },
    /// Spreads the traffic so.
    Shift {
        /// The operation.
        id: OpId,
        /// The weights; they sum to all. There are none when a first deployment is taken back: nothing serves any more.
        weights: Weights,
    },
    /// Begins to evaluate a gate from the evidence in the state, if there is some. It is given again when a step begins: what
    /// the host has of the gate is to be taken from the state anew.
    StartGate {
        /// Its name in the plan.
        name: String,
    },
    /// Stops evaluating a gate.
    StopGate {
        /// Its name in the plan.
        name: String,
    },
    /// Tells whoever watches.
    Emit(Happening),
}
