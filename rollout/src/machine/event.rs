//! What can happen to a rollout.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::OpId;
use crate::gate::{Evidence, Verdict};
use crate::{Plan, RevisionId, Weights};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A client wants a revision to take over.
    Start(Start),
    /// Time passed. Comes at least once a second while a rollout runs.
    Tick,
    /// The target was looked at.
    Observed(Observation),
    /// The target accepted a command: the replica count is set and being brought about, or the weights are in effect.
    OpDone(OpId),
    /// The target could not carry out a command.
    OpFailed {
        /// The command.
        id: OpId,
        /// What kind of failure it is.
        kind: FailureKind,
        /// What happened, for people.
        message: String,
    },
    /// A gate was evaluated.
    Gate {
        /// Its name.
        name: String,
        /// What it says.
        verdict: Verdict,
        /// What it says it from, to be kept over a restart.
        evidence: Evidence,
    },
    /// A person or a client steers.
    Operator(Action),
    /// The service is to have another number of replicas.
    Resize(u32),
    /// Settings that the machine does not know took effect; a plan could depend on them.
    Configured,
    /// The client that started or watched the rollout asked to stop, or is gone.
    ClientGone(Policy),
    /// The host of the machine was started again.
    Restarted {
        /// Whether the machine it runs on was, too.
        rebooted: bool,
    },
}

/// A rollout to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The revision that shall take over.
    pub revision: RevisionId,
    /// What users call it, for records and messages.
    pub version: String,
    /// How.
    pub plan: Plan,
    /// The generation that the client saw when it planned; another one means that somebody else was faster.
    pub expect_generation: u64,
    /// Distinguishes deliberate tries of a revision that was taken back before.
    pub retry_token: Option<String>,
    /// Whether a blocked revision is tried all the same.
    pub retry_blocked: bool,
}

/// What the target shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Every revision that has replicas or shall have some.
    pub fleet: BTreeMap<RevisionId, Fleet>,
    /// The weights in effect.
    pub weights: Weights,
}

/// The replicas of one revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    /// How many there shall be.
    pub desired: u32,
    /// How many there are, ready or not, those that are being drained included.
    pub running: u32,
    /// How many of the desired ones are ready.
    pub ready: u32,
    /// How many ended without being asked to, since the revision was first started. Never falls.
    pub exits: u64,
}

/// How a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It may work when it is repeated.
    Transient,
    /// It cannot work: a program that does not exist, a port that is taken.
    Permanent,
    /// It may or may not have happened.
    Unknown,
}

/// What a person can ask of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Ends the present hold as if its time were over and its gates had passed.
    Promote,
    /// Skips all steps and gates that are left and promotes the candidate.
    PromoteFull,
    /// Approves the step that waits for it.
    Approve,
    /// Stops advancing; gates go on.
    Pause,
    /// Ends a pause that a person or an interrupt asked for.
    Resume,
    /// Takes the candidate back and blocks it.
    Abort,
    /// Goes back to the stable revision, or after a promotion to the one before; blocks the one that is left.
    Rollback,
    /// Tries the revision again that was taken back last, from the first step.
    Retry,
}

/// What a rollout does when its client asks to stop or is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Stops advancing until somebody resumes it; gates go on, and the pause has a deadline.
    Pause,
    /// Takes the candidate back.
    Rollback,
    /// Goes on by itself.
    Detach,
}

/// Why an event was not accepted. The state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Refused {
    /// Somebody else changed the rollout since the client looked.
    #[error("changed since the plan: generation {expected} was planned on, and it is {found} now; plan again")]
    Changed {
        /// The generation that the client saw.
        expected: u64,
        /// The generation now.
        found: u64,
    },
    /// The revision was taken back before, and nothing says that it shall be tried again.
    #[error(
        "revision {revision} was taken back and is blocked: change `retry_token` to try it again, or set \
         `on_failed_version = \"retry\"`"
    )]
    Blocked {
        /// The revision.
        revision: RevisionId,
    },
    /// The action does not fit what the rollout does now.
    #[error("{action} is not possible: {why}")]
    NotNow {
        /// The action, as in the command's name.
        action: String,
        /// What the rollout does, and what would be possible.
        why: String,
    },
    /// The plan cannot be followed.
    #[error("the plan cannot be followed: {0}")]
    Plan(String),
}
