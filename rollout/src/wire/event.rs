//! What happened, for whoever watches, and what replicas wrote.

use serde::{Deserialize, Serialize};

use super::{Ended, Failure, PauseReason, Phase};
use crate::{Millis, RevisionId, Weights};

/// An event as the agent keeps and sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number; rises by one within an agent's state directory.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// The service.
    pub service: String,
    /// The rollout, when it belongs to one.
    pub rollout_id: Option<String>,
    /// What happened.
    pub happening: Happening,
}

/// What happened, for whoever watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Happening {
    /// A rollout began.
    Started {
        /// The version that it brings.
        revision: RevisionId,
        /// The stable revision.
        from: Option<RevisionId>,
    },
    /// The phase or the step changed.
    Advanced {
        /// The phase.
        phase: Phase,
        /// The rung, from 0.
        step_index: u32,
    },
    /// Weights took effect.
    Shifted {
        /// The weights.
        weights: Weights,
    },
    /// A gate's verdict changed.
    Judged {
        /// The gate.
        gate: String,
        /// The verdict.
        verdict: crate::gate::Verdict,
    },
    /// The rollout stopped advancing.
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// A reason to pause is gone.
    Resumed {
        /// Which.
        reason: PauseReason,
    },
    /// Something is amiss that may mend itself, or is no more.
    Degraded {
        /// What; absent when it mended itself.
        reason: Option<String>,
    },
    /// The candidate is being taken back.
    TakingBack {
        /// Why.
        failure: Failure,
    },
    /// A rollout ended.
    Ended(Box<Ended>),
    /// A replica changed: started, ready, not ready, ended.
    Replica {
        /// Its revision.
        revision: RevisionId,
        /// Its number within the revision.
        index: u32,
        /// What happened to it, for people.
        what: String,
    },
    /// A command to the target failed.
    Failed {
        /// Why.
        message: String,
    },
}

/// A piece of the log of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The revision.
    pub revision: RevisionId,
    /// The replica's number.
    pub index: u32,
    /// The line, without its end.
    pub line: String,
}
