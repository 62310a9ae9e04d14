//! What the machine knows: all of it is journalled, and nothing else decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Observation, OpId};
use crate::gate::{Evidence, Gate, Verdict};
use crate::plan::Step;
use crate::wire::{Blocked, Ended, Failure, Outcome, PauseReason, Phase, StatusWord};
use crate::{Millis, Plan, RevisionId, Span, Weight, Weights};

/// All that is known of one service and its rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub(super) replicas: u32,
    pub(super) history_limit: u32,
    pub(super) rollback_window: u32,
    /// Rises with every change that a plan could depend on.
    pub(super) generation: u64,
    pub(super) next_op: u64,
    /// When the last event came, while time matters.
    pub(super) clock: Option<Millis>,
    /// Whether the target was observed since the host started.
    pub(super) live: bool,
    /// When it was observed last, while a rollout runs.
    pub(super) observed_at: Option<Millis>,
    pub(super) observed: Observation,
    pub(super) stable: Option<RevisionId>,
    /// Revisions that were promoted, newest first; the first is the stable one.
    pub(super) promoted: Vec<Blocked>,
    /// Revisions that are kept running, and until when.
    pub(super) retained: BTreeMap<RevisionId, Millis>,
    /// Revisions to retire as soon as they get no traffic, and whether with the short drain.
    pub(super) leaving: BTreeMap<RevisionId, bool>,
    pub(super) ensures: BTreeMap<RevisionId, Operation<Replicas>>,
    pub(super) shift: Option<Operation<Weights>>,
    /// Whether the shift in flight restores what was in effect before the host was started again.
    pub(super) restoring: bool,
    pub(super) rollout: Option<Rollout>,
    /// What a client wanted last, for another try.
    pub(super) tried: Option<Tried>,
    /// The rollout that began last, and when.
    pub(super) last: Option<(String, Millis)>,
    pub(super) versions: BTreeMap<RevisionId, String>,
    pub(super) blocked: BTreeSet<Blocked>,
    pub(super) last_failure: Option<Failure>,
    /// Rollouts that ended, newest first.
    pub(super) history: Vec<Ended>,
    /// The word for the service while no rollout runs.
    pub(super) word: StatusWord,
}

/// What an `Ensure` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replicas {
    pub(super) count: u32,
    pub(super) abort: bool,
}

/// An intent without a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation<T> {
    pub(super) id: OpId,
    pub(super) goal: T,
    /// How long ago it was given last, or failed.
    pub(super) waited: Span,
    /// How often it failed.
    pub(super) failures: u32,
    /// How it failed last.
    pub(super) failed: Option<String>,
    /// Whether it failed since it was given last.
    pub(super) resting: bool,
    /// Whether it cannot work.
    pub(super) hopeless: bool,
}

/// A rollout that can be tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tried {
    pub(super) revision: RevisionId,
    pub(super) retry_token: Option<String>,
    pub(super) plan: Plan,
}

/// How a candidate gets to all traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Route {
    /// Step by step.
    Ladder,
    /// At once: nothing was there before.
    First,
    /// At once: it was promoted before.
    Return,
    /// At once, and the revision that it replaces is blocked: a person found it bad.
    Undo,
}

/// A rollout that runs, or that stopped where only a person can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Rollout {
    pub(super) id: String,
    pub(super) candidate: RevisionId,
    pub(super) from: Option<RevisionId>,
    pub(super) retry_token: Option<String>,
    pub(super) plan: Plan,
    pub(super) route: Route,
    /// Whether a person skipped what is left of the ladder.
    pub(super) full: bool,
    pub(super) started: Millis,
    pub(super) phase: Phase,
    /// The step of the plan that is being done.
    pub(super) step: usize,
    /// The share that the candidate shall have now.
    pub(super) goal: Weight,
    pub(super) highest: Weight,
    /// Whether it was ever meant to have traffic: from then on gates run.
    pub(super) shifted: bool,
    /// How long the present wait for replicas or for weights has lasted, without pauses and sleep.
    pub(super) waited: Span,
    /// How long the present shift has lasted, without sleep.
    pub(super) moving: Span,
    /// How long the weight of the present hold was in effect and observed.
    pub(super) held: Span,
    /// How long the present step waited for a person to approve it.
    pub(super) unapproved: Span,
    pub(super) approved: bool,
    /// Whether a person ended the present hold.
    pub(super) skip: bool,
    /// Whether the hold's time is over, so that the gates decide.
    pub(super) over: bool,
    /// Whether more replicas were asked for than were ready since.
    pub(super) growing: bool,
    /// The exits of the candidate when the rung began; unknown until it is observed.
    pub(super) exits: Option<u64>,
    pub(super) pauses: BTreeSet<PauseReason>,
    /// How long the present pause, other than for an approval, has lasted.
    pub(super) pausing: Span,
    /// How long people paused it in all.
    pub(super) paused: Span,
    pub(super) gates: BTreeMap<String, Judged>,
    pub(super) ending: Option<Ending>,
    /// Whether stable has all traffic again.
    pub(super) back: bool,
    /// Set when it stopped where only a person can go on.
    pub(super) halted: Option<Outcome>,
}

/// How and why a rollout is being taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) failure: Failure,
}

/// What a gate said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judged {
    pub(super) verdict: Option<Verdict>,
    pub(super) evidence: Option<Evidence>,
    /// Whether it was said in the present step.
    pub(super) fresh: bool,
    /// How many errors in a row.
    pub(super) errors: u32,
}

impl State {
    /// A service that was never deployed.
    pub fn new(replicas: u32, history_limit: u32, rollback_window: u32) -> Self {
        Self {
            replicas: replicas.max(1),
            history_limit,
            rollback_window,
            generation: 0,
            next_op: 1,
            clock: None,
            live: true,
            observed_at: None,
            observed: Observation::default(),
            stable: None,
            promoted: Vec::new(),
            retained: BTreeMap::new(),
            leaving: BTreeMap::new(),
            ensures: BTreeMap::new(),
            shift: None,
            restoring: false,
            rollout: None,
            tried: None,
            last: None,
            versions: BTreeMap::new(),
            blocked: BTreeSet::new(),
            last_failure: None,
            history: Vec::new(),
            word: StatusWord::Healthy,
        }
    }

    /// Sets how many ended rollouts are remembered, and returning to how many of the last revisions skips the ladder.
    pub fn set_limits(&mut self, history_limit: u32, rollback_window: u32) {
        (self.history_limit, self.rollback_window) = (history_limit, rollback_window);
        self.history.truncate(history_limit as usize);
    }

    /// Whether anything is going on, so that ticks and observations are needed.
    pub fn is_busy(&self) -> bool {
        self.timed() || !self.retained.is_empty()
    }

    /// Whether time is counted.
    pub(super) fn timed(&self) -> bool {
        self.rollout.is_some() || self.shift.is_some() || !self.ensures.is_empty() || !self.leaving.is_empty()
    }

    /// The revisions whose contents the host has to keep: those that run, and those that somebody can return to or retry.
    pub fn revisions(&self) -> BTreeSet<RevisionId> {
        let live = self.stable.iter().chain(self.retained.keys()).chain(self.leaving.keys()).chain(self.ensures.keys());
        live.chain(self.rollout.iter().map(|rollout| &rollout.candidate))
            .chain(self.promoted.iter().map(|promoted| &promoted.revision))
            .chain(self.tried.iter().map(|tried| &tried.revision))
            .cloned()
            .collect()
    }

    /// The gates that are to be evaluated now. After [`Event::Restarted`](super::Event::Restarted) the host is told to start them again.
    pub fn gates(&self) -> &[Gate] {
        match &self.rollout {
            Some(rollout) if rollout.gated() => &rollout.plan.gates,
            _ => &[],
        }
    }

    /// What a gate of the rollout has gathered so far.
    pub fn evidence(&self, gate: &str) -> Option<&Evidence> {
        self.rollout.as_ref()?.gates.get(gate)?.evidence.as_ref()
    }

    /// Whether the time of the present step is over: what the gates say from now on ends it.
    pub fn at_step_end(&self) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.phase == Phase::Holding && rollout.over)
    }

    /// Rollouts that ended, newest first.
    pub fn history(&self) -> &[Ended] {
        &self.history
    }

    /// How many replicas of a revision are ready.
    pub(super) fn ready(&self, revision: &RevisionId) -> u32 {
        self.observed.fleet.get(revision).map_or(0, |fleet| fleet.ready)
    }

    pub(super) fn stable_ready(&self) -> u32 {
        self.stable.as_ref().map_or(0, |stable| self.ready(stable))
    }

    /// The share of a revision in effect.
    pub(super) fn weight(&self, revision: &RevisionId) -> Weight {
        self.observed.weights.get(revision).copied().unwrap_or_default()
    }

    pub(super) fn version(&self, revision: &RevisionId) -> String {
        self.versions.get(revision).cloned().unwrap_or_else(|| revision.to_string())
    }
}

impl Rollout {
    /// Whether the candidate is on its way up.
    pub(super) fn climbing(&self) -> bool {
        self.halted.is_none() && matches!(self.phase, Phase::Preparing | Phase::Shifting | Phase::Holding)
    }

    /// Whether holds and gates are left out.
    pub(super) fn direct(&self) -> bool {
        self.full || self.route != Route::Ladder
    }

    /// Whether the gates are to be evaluated.
    pub(super) fn gated(&self) -> bool {
        self.climbing() && self.shifted && !self.direct()
    }

    /// The share of the rung that the present step belongs to; that of the rung before while it scales.
    pub(super) fn share(&self) -> Weight {
        let mut done = self.plan.steps.iter().take(self.step + 1).rev();
        done.find_map(weight_of).unwrap_or_default()
    }

    /// How many of every 10,000 replicas the candidate shall have.
    pub(super) fn part(&self) -> Weight {
        let mut done = self.plan.steps.iter().take(self.step + 1).rev();
        done.find_map(|step| if let Step::Scale { part } = step { Some(*part) } else { None }).unwrap_or_default()
    }

    /// The rung, from 0: how many shares came before that of the present step.
    pub(super) fn rung(&self) -> u32 {
        let begun = self.plan.steps.iter().take(self.step).filter_map(weight_of).count();
        let next = matches!(self.plan.steps.get(self.step), Some(Step::Scale { .. } | Step::Weight { .. }));
        u32::try_from(if next { begun } else { begun.saturating_sub(1) }).unwrap_or(u32::MAX)
    }

    /// The step that the last rung begins with.
    pub(super) fn last_rung(&self) -> usize {
        self.plan.steps.iter().rposition(|step| matches!(step, Step::Scale { .. })).unwrap_or_default()
    }
}

pub(super) fn weight_of(step: &Step) -> Option<Weight> {
    if let Step::Weight { weight } = step { Some(*weight) } else { None }
}
