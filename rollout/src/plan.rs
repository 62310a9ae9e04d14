//! Plans: what a strategy compiles to, frozen when a rollout starts.

pub mod canary;

use serde::{Deserialize, Serialize};

use crate::gate::{self, Gate};
use crate::{Span, Weight};

/// So many steps are enough for every ladder.
pub const MAX_STEPS: usize = 300;

/// How long a change of the weights is reckoned to take, for [`Plan::max_duration`].
pub const SHIFT: Span = Span::from_secs(5);

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
    pub gates: Vec<Gate>,
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

/// The limits of a plan, without its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// See [`Plan::progress_deadline`]. 10 minutes by default.
    pub progress_deadline: Span,
    /// See [`Plan::abort_on_deadline`]. Off by default.
    pub abort_on_deadline: bool,
    /// See [`Plan::pause_deadline`]. A day by default.
    pub pause_deadline: Span,
    /// See [`Plan::retain`]. 10 minutes by default.
    pub retain: Span,
    /// See [`Plan::pass_when`].
    pub pass_when: Option<String>,
    /// See [`Plan::gates`].
    pub gates: Vec<Gate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            progress_deadline: Span::from_mins(10),
            abort_on_deadline: false,
            pause_deadline: Span::from_mins(24 * 60),
            retain: Span::from_mins(10),
            pass_when: None,
            gates: Vec::new(),
        }
    }
}

/// Why a plan cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to follow.
    #[error("at least one step expected, such as `weight = 5, pause = \"10m\"`")]
    Empty,
    /// There are too many steps.
    #[error("at most {MAX_STEPS} steps expected, not {0}")]
    TooMany(usize),
    /// A share is no share.
    #[error("step {index}: a weight above 0 % and at most 100 % expected, not {found}")]
    Weight {
        /// The step, from 0.
        index: usize,
        /// What was given.
        found: String,
    },
    /// A share is not above that of the step before.
    #[error("step {index}: a weight above the {before} of the step before expected, not {found}")]
    NotAscending {
        /// The step, from 0.
        index: usize,
        /// The share of the step before.
        before: Weight,
        /// What was given.
        found: Weight,
    },
    /// A share comes without the replicas that it needs.
    #[error("step {index}: replicas for {weight} of the traffic expected before it, not for {part}")]
    TooFewReplicas {
        /// The step, from 0.
        index: usize,
        /// The share.
        weight: Weight,
        /// The part of the replicas that there is.
        part: Weight,
    },
    /// The last share is not all of the traffic.
    #[error("the last weight must be 100 %, not {0}")]
    NotAll(Weight),
    /// There is no time to become ready.
    #[error("`progress_deadline` of at least 1s expected, not {0}")]
    NoProgress(Span),
    /// The gates cannot be evaluated.
    #[error(transparent)]
    Gates(#[from] gate::InvalidGates),
}

impl Plan {
    /// Puts steps and limits together.
    pub fn new(steps: Vec<Step>, limits: Limits) -> Result<Self, PlanError> {
        let Limits { progress_deadline, abort_on_deadline, pause_deadline, retain, pass_when, gates } = limits;
        let plan = Self { steps, progress_deadline, abort_on_deadline, pause_deadline, retain, pass_when, gates };
        plan.check().map(|()| plan)
    }

    /// Whether the machine can follow it. A plan that came over the wire is checked again.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.steps.is_empty() {
            return Err(PlanError::Empty);
        }
        if self.steps.len() > MAX_STEPS {
            return Err(PlanError::TooMany(self.steps.len()));
        }
        let (mut part, mut before) = (Weight::ZERO, Weight::ZERO);
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Scale { part: next } if *next < before => {
                    return Err(PlanError::TooFewReplicas { index, weight: before, part: *next });
                }
                Step::Scale { part: next } => part = *next,
                Step::Weight { weight } if *weight <= before => {
                    return Err(PlanError::NotAscending { index, before, found: *weight });
                }
                Step::Weight { weight } if *weight > part => {
                    return Err(PlanError::TooFewReplicas { index, weight: *weight, part });
                }
                Step::Weight { weight } => before = *weight,
                Step::Hold { .. } => {}
            }
        }
        if before != Weight::ALL {
            return Err(PlanError::NotAll(before));
        }
        if self.progress_deadline < Span::from_secs(1) {
            return Err(PlanError::NoProgress(self.progress_deadline));
        }
        gate::check(&self.gates, self.pass_when.as_deref())?;
        Ok(())
    }

    /// How many rungs the ladder has: one for each share.
    pub fn rungs(&self) -> u32 {
        let shares = self.steps.iter().filter(|step| matches!(step, Step::Weight { .. }));
        u32::try_from(shares.count()).unwrap_or(u32::MAX)
    }

    /// The ladder in words, one text for each rung: `5 % for 10m`, `100 %`.
    pub fn ladder(&self) -> Vec<String> {
        let mut rungs: Vec<String> = Vec::new();
        for step in &self.steps {
            let stay = match step {
                Step::Weight { weight } => {
                    rungs.push(weight.to_string());
                    continue;
                }
                Step::Hold { until: Until::Gates } if !self.gates.is_empty() => " until the gates pass".to_owned(),
                Step::Hold { until: Until::Elapsed(span) } if *span > Span::ZERO => format!(" for {span}"),
                Step::Hold { until: Until::Approval { deadline } } => {
                    format!(" until a person approves, for at most {deadline}")
                }
                Step::Hold { .. } | Step::Scale { .. } => continue,
            };
            if let Some(rung) = rungs.last_mut() {
                rung.push_str(&stay);
            }
        }
        rungs
    }

    /// How long the rollout may take when nobody pauses it, every gate can tell, and no deadline is missed. It is the sum of
    /// the progress deadline for each change of the replicas, [`SHIFT`] for each change of the weights, and for each hold its
    /// time, its deadline for an approval, or the progress deadline where only gates end it.
    pub fn max_duration(&self) -> Span {
        let longest = self.steps.iter().map(|step| match step {
            Step::Scale { .. } | Step::Hold { until: Until::Gates } => self.progress_deadline,
            Step::Weight { .. } => SHIFT,
            Step::Hold { until: Until::Elapsed(span) | Until::Approval { deadline: span } } => *span,
        });
        longest.fold(Span::ZERO, Span::plus)
    }
}
