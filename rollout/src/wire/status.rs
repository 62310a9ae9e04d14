//! What a service is now, and what became of its rollouts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Service;
use crate::revision::Revision;
use crate::{Millis, RevisionId, Span, Weight, Weights};

/// What a service is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Its settings.
    pub service: Service,
    /// Who runs it.
    pub agent_id: String,
    /// The name of the machine that runs it.
    pub host: String,
    /// Rises with every change that a plan could depend on.
    pub generation: u64,
    /// The last generation whose outcome a client recorded.
    pub acknowledged: u64,
    /// What it does.
    pub phase: Phase,
    /// One word for it.
    pub status: StatusWord,
    /// Why it does not advance, when it does not.
    pub paused: Vec<PauseReason>,
    /// Whether something is amiss that may mend itself, such as a missed progress deadline.
    pub degraded: Option<String>,
    /// The revision that all users have, or had before the rollout.
    pub stable: Option<Deployed>,
    /// The revision that is on its way.
    pub candidate: Option<Deployed>,
    /// The weights in effect.
    pub weights: Weights,
    /// The share of the candidate in effect.
    pub weight: Weight,
    /// The rung of the ladder, from 0.
    pub step_index: u32,
    /// How many rungs the ladder has.
    pub step_count: u32,
    /// The rollout, running or last.
    pub rollout_id: Option<String>,
    /// When it began.
    pub started: Option<Millis>,
    /// The revision that was taken back last.
    pub last_failure: Option<Failure>,
    /// Revisions that are not tried again without being asked to.
    pub blocked: Vec<Blocked>,
    /// Replicas, by revision.
    pub fleet: BTreeMap<RevisionId, crate::machine::Fleet>,
    /// The gates of the running rollout and what they said last.
    pub gates: Vec<GateStatus>,
    /// The requests per second that the stable revision had over the last day, as far as it was counted.
    pub request_rate: Option<f64>,
    /// The number of the last event.
    pub last_event: u64,
}

/// A revision that was deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its name.
    pub id: RevisionId,
    /// What it runs.
    pub revision: Revision,
    /// The SHA-256 of its executable when it was first started, in hexadecimal.
    pub executable: Option<String>,
}

/// A revision that is not tried again without being asked to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blocked {
    /// The revision.
    pub revision: RevisionId,
    /// The token with which it was tried.
    pub retry_token: Option<String>,
}

/// One word for what a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// The stable revision has all traffic and the last rollout promoted it.
    Healthy,
    /// A rollout runs.
    Progressing,
    /// A rollout runs and waits for somebody.
    Paused,
    /// The stable revision has all traffic and the last rollout was taken back.
    RolledBack,
    /// Taking back failed; see the weights.
    RollbackFailed,
    /// A promotion failed past the point of no return; the healthy side keeps the traffic and a person is needed.
    Held,
}

/// What a rollout does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing.
    Idle,
    /// Waits for the candidate's replicas to be ready.
    Preparing,
    /// Moves traffic.
    Shifting,
    /// Waits for the end of a pause and for the gates.
    Holding,
    /// Past the point of no return: the candidate becomes stable.
    Promoting,
    /// All traffic is on the new revision, and the old one is kept for a while.
    Baking,
    /// Brings the stable revision back to strength before traffic returns to it.
    RestoringStable,
    /// Moves traffic back, drains the candidate and retires it.
    TakingBack,
}

/// Why a rollout does not advance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// A person asked for it.
    Operator,
    /// The client that started it was interrupted.
    Interrupted,
    /// The step waits for a person.
    Approval,
    /// A gate cannot tell.
    Inconclusive {
        /// The gate.
        gate: String,
    },
    /// A gate could not measure several times in a row.
    Errors {
        /// The gate.
        gate: String,
    },
}

/// A revision that was taken back, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Its version.
    pub version: String,
    /// Its revision.
    pub revision: RevisionId,
    /// The gate that failed; absent when a person, a deadline or a crash took it back.
    pub gate: Option<String>,
    /// What was measured, for people.
    pub measured: String,
    /// What was allowed, for people.
    pub threshold: String,
    /// Why, in one sentence.
    pub reason: String,
    /// When.
    pub at: Millis,
}

/// A gate of the running rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateStatus {
    /// Its name.
    pub name: String,
    /// What it said last; absent before the first evaluation.
    pub verdict: Option<crate::gate::Verdict>,
}

/// A rollout that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The rollout.
    pub rollout_id: String,
    /// The version that it was to bring.
    pub version: String,
    /// Its revision.
    pub revision: RevisionId,
    /// The revision that was stable when it began.
    pub from: Option<RevisionId>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started: Millis,
    /// When it ended.
    pub ended: Millis,
    /// How long people paused it.
    pub paused: Span,
    /// The highest share that it had.
    pub highest_weight: Weight,
    /// Why it was taken back.
    pub failure: Option<Failure>,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It climbed the whole ladder.
    Promoted,
    /// A person promoted it before the end of the ladder.
    FastPromoted,
    /// A gate, a deadline or a crash took it back.
    RolledBack,
    /// A person or an interrupt took it back.
    Aborted,
    /// It returned to an earlier revision without the ladder.
    FastRolledBack,
    /// Another rollout took its place.
    Superseded,
    /// Taking it back failed.
    RollbackFailed,
    /// Its promotion failed past the point of no return.
    Held,
}
