//! Plans: what a strategy compiles to, frozen when a rollout starts.

pub mod canary;

use serde::{Deserialize, Serialize};

use crate::{Span, Weight};

/// The ladder of one rollout and the limits that hold while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The steps, in order. The last one brings the candidate to all traffic.
    pub steps: Vec<Step>,
    /// How long a revision may take to get its replicas ready.
    pub progress_deadline: Span,
    /// Whether a missed progress deadline takes the candidate back; if not, the rollout is shown as degraded and goes on waiting.
    pub abort_on_deadline: bool,
    /// How long a pause that a person or an interrupt asked for may last before the candidate is taken back.
    pub pause_deadline: Span,
    /// How long the old revision is kept running after the promotion, for an instant way back.
    pub retain: Span,
    /// Which gates must pass, as an expression over their names; all of them when absent.
    pub pass_when: Option<String>,
    /// The gates.
    pub gates: Vec<crate::gate::Gate>,
}

/// One rung of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Brings the candidate to so many replicas of every 10,000 basis points of the service's replicas; waits until they are ready.
    Scale {
        /// The part of the service's replicas, rounded up, at least one.
        part: Weight,
    },
    /// Moves this share of the traffic to the candidate.
    Weight {
        /// The share.
        weight: Weight,
    },
    /// Stays where it is, then asks the gates.
    Hold {
        /// What ends the stay.
        until: Until,
    },
}

/// What ends a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Until {
    /// The gates pass. The user left the pause out.
    Gates,
    /// This much time in which the weight was in effect and observed, then the gates must pass. `0s` asks the gates at once.
    Elapsed(Span),
    /// A person approves; the gates are asked then.
    Approval {
        /// How long to wait for the person before the candidate is taken back.
        deadline: Span,
    },
}
