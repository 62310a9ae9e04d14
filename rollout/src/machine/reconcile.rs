//! From what shall be to commands: what is in flight, what is repeated, what a restart restores.

use std::collections::BTreeSet;

use super::state::{Operation, Replicas, State};
use super::{Command, FailureKind, Observation, OpId};
use crate::weight::{all_to, split};
use crate::wire::{Happening, Outcome, Phase};
use crate::{Millis, RevisionId, Span, Weight, Weights};

/// An operation without a result is given again after so long, with the same name.
const PATIENCE: Span = Span::from_secs(30);

/// A shift that failed so often in a row is given up: whoever waits for it must know.
const SHIFTS: u32 = 10;

impl<T> Operation<T> {
    fn new(id: OpId, goal: T) -> Self {
        Self { id, goal, waited: Span::ZERO, failures: 0, failed: None, resting: false, hopeless: false }
    }

    /// Whether it is time to give it again: soon after a failure, less soon after each further one.
    fn is_due(&self) -> bool {
        let backoff = Span::from_secs(1 << self.failures.saturating_sub(1).min(5));
        self.waited >= if self.resting && !self.hopeless { backoff.min(PATIENCE) } else { PATIENCE }
    }

    fn given(&mut self) {
        self.waited = Span::ZERO;
        self.resting = false;
    }

    fn fail(&mut self, kind: FailureKind, message: String) {
        self.waited = Span::ZERO;
        self.failures = self.failures.saturating_add(1);
        self.failed = Some(message);
        self.resting = true;
        self.hopeless |= kind == FailureKind::Permanent;
    }
}

impl State {
    fn next_op(&mut self) -> OpId {
        let id = OpId(self.next_op);
        self.next_op += 1;
        id
    }

    /// Takes in what the target shows.
    pub(super) fn observe(&mut self, mut observation: Observation, now: Millis) {
        observation.weights.retain(|_, weight| *weight > Weight::ZERO);
        self.observed = observation;
        self.live = true;
        let fleet = &self.observed.fleet;
        self.ensures.retain(|revision, op| op.goal.count != fleet.get(revision).map_or(0, |fleet| fleet.desired));
        self.shift = self.shift.take().filter(|op| op.goal != self.observed.weights);
        // Nobody knows these: what a lost record left behind.
        let known = self.known();
        let strays =
            fleet.iter().filter(|(revision, fleet)| !known.contains(*revision) && fleet.desired + fleet.running > 0);
        let strays: Vec<RevisionId> = strays.map(|(revision, _)| revision.clone()).collect();
        self.leaving.extend(strays.into_iter().map(|revision| (revision, false)));
        let exits = self.rollout.as_ref().map_or(0, |rollout| self.exits(rollout));
        if let Some(rollout) = &mut self.rollout {
            self.observed_at = Some(now);
            // The count begins anew with the rung, after a reboot, and when the target lost it.
            rollout.exits = Some(rollout.exits.unwrap_or(exits).min(exits));
        }
    }

    fn known(&self) -> BTreeSet<RevisionId> {
        let live = self.stable.iter().chain(self.retained.keys()).chain(self.leaving.keys());
        live.chain(self.rollout.iter().map(|rollout| &rollout.candidate)).cloned().collect()
    }

    pub(super) fn op_done(&mut self, id: OpId) {
        if let Some(op) = self.shift.take_if(|op| op.id == id) {
            self.observed.weights = op.goal;
        }
        let done = self.ensures.iter().find(|(_, op)| op.id == id).map(|(revision, _)| revision.clone());
        if let Some(revision) = done
            && let Some(op) = self.ensures.remove(&revision)
        {
            self.observed.fleet.entry(revision).or_default().desired = op.goal.count;
        }
    }

    pub(super) fn op_failed(&mut self, id: OpId, kind: FailureKind, message: String, commands: &mut Vec<Command>) {
        if let Some(op) = self.shift.as_mut().filter(|op| op.id == id) {
            op.fail(kind, message.clone());
            op.hopeless |= op.failures >= SHIFTS;
        } else if let Some(op) = self.ensures.values_mut().find(|op| op.id == id) {
            op.fail(kind, message.clone());
        } else {
            return;
        }
        commands.push(Command::Emit(Happening::Failed { message }));
    }

    /// Whether the weights are what they shall be.
    pub(super) fn in_effect(&self) -> bool {
        self.shift.is_none() && self.goal_weights().is_some_and(|goal| goal == self.observed.weights)
    }

    /// The weights that shall be; `None` when they stay as they are.
    pub(super) fn goal_weights(&self) -> Option<Weights> {
        let wanted = match (&self.rollout, &self.stable) {
            (None, None) => Weights::new(),
            (None, Some(stable)) => all_to(stable),
            (Some(rollout), Some(stable)) => split(stable, &rollout.candidate, rollout.goal),
            (Some(rollout), None) if rollout.goal == Weight::ALL => all_to(&rollout.candidate),
            (Some(rollout), None) if rollout.phase == Phase::TakingBack => Weights::new(),
            // What was there before, if anything, serves until the candidate can.
            (Some(_), None) => return None,
        };
        (!self.starves(&wanted)).then_some(wanted)
    }

    /// Whether these weights would give more to a side without a ready replica, while one can answer.
    fn starves(&self, wanted: &Weights) -> bool {
        let dead_end =
            wanted.iter().any(|(revision, weight)| *weight > self.weight(revision) && self.ready(revision) == 0);
        // A proxy that was started again gives nobody traffic yet.
        let sides = self.stable.iter().chain(self.rollout.iter().map(|rollout| &rollout.candidate));
        dead_end && sides.chain(self.observed.weights.keys()).any(|revision| self.ready(revision) > 0)
    }

    /// How many replicas a revision shall have; `None` when it stays as it is.
    fn goal_replicas(&self, revision: &RevisionId) -> Option<Replicas> {
        let all = Replicas { count: self.replicas, abort: false };
        if let Some(rollout) = self.rollout.as_ref().filter(|rollout| rollout.candidate == *revision && !rollout.back) {
            if rollout.is(Outcome::Held) {
                return Some(all);
            }
            let climbing = rollout.climbing() || rollout.phase == Phase::Promoting && rollout.halted.is_none();
            // Nothing is taken away that carries traffic.
            let desired = self.observed.fleet.get(revision).map_or(0, |fleet| fleet.desired);
            let carrying = self.weight(revision).of(self.replicas).min(desired);
            let count = self.candidate_replicas(rollout).max(carrying);
            return climbing.then_some(Replicas { count, abort: false });
        }
        if let Some(abort) = self.leaving.get(revision) {
            let idle = self.weight(revision) == Weight::ZERO && self.shift.is_none();
            return idle.then_some(Replicas { count: 0, abort: *abort });
        }
        (self.stable.as_ref() == Some(revision) || self.retained.contains_key(revision)).then_some(all)
    }

    /// Gives what is missing, and again what has no result for too long.
    pub(super) fn reconcile(&mut self, commands: &mut Vec<Command>) {
        self.reconcile_weights(commands);
        for revision in self.known() {
            let Some(goal) = self.goal_replicas(&revision) else {
                // What is on its way stays on its way, and is given again if need be.
                if let Some(op) = self.ensures.get_mut(&revision).filter(|op| op.is_due()) {
                    op.given();
                    commands.push(ensure(&revision, op));
                }
                continue;
            };
            let desired = self.observed.fleet.get(&revision).map_or(0, |fleet| fleet.desired);
            // Until the target is observed nothing is taken away.
            let may = self.live || goal.count >= desired;
            match self.ensures.get_mut(&revision) {
                Some(op) if op.goal == goal && op.is_due() => {
                    op.given();
                    commands.push(ensure(&revision, op));
                }
                Some(op) if op.goal != goal && may => self.give_ensure(revision, goal, commands),
                None if may && goal.count != desired => self.give_ensure(revision, goal, commands),
                _ => {}
            }
        }
    }

    fn give_ensure(&mut self, revision: RevisionId, goal: Replicas, commands: &mut Vec<Command>) {
        let op = Operation::new(self.next_op(), goal);
        commands.push(ensure(&revision, &op));
        self.ensures.insert(revision, op);
    }

    fn reconcile_weights(&mut self, commands: &mut Vec<Command>) {
        let goal = self.goal_weights();
        match (&mut self.shift, goal) {
            (Some(op), goal) if goal.as_ref().is_none_or(|goal| *goal == op.goal) => {
                if op.is_due() {
                    op.given();
                    commands.push(shift(op));
                }
            }
            (None, Some(goal)) if goal == self.observed.weights => {}
            (_, Some(goal)) => self.give_shift(goal, commands),
            (_, None) => {}
        }
    }

    fn give_shift(&mut self, goal: Weights, commands: &mut Vec<Command>) {
        let op = Operation::new(self.next_op(), goal);
        commands.push(shift(&op));
        self.shift = Some(op);
        self.restoring = false;
    }

    /// The host was started again: nothing is known until the target is observed.
    pub(super) fn restarted(&mut self, rebooted: bool) {
        self.live = false;
        self.observed_at = None;
        let present = self.rollout.as_ref().map(|rollout| self.weight(&rollout.candidate));
        if let (Some(rollout), Some(present)) = (&mut self.rollout, present) {
            // Of what was in effect and what was meant to be, the lower share comes back.
            rollout.goal = rollout.goal.min(present);
            if rebooted {
                rollout.exits = None;
            }
        }
    }

    /// Gives everything again that the target needs to be what it was: with the same names where there is no result yet.
    pub(super) fn restore(&mut self, commands: &mut Vec<Command>) {
        for revision in self.known() {
            let fleet = self.observed.fleet.get(&revision).copied().unwrap_or_default();
            let goal = self.goal_replicas(&revision);
            let abort = self.leaving.get(&revision).copied().unwrap_or(false);
            let kept = Replicas { count: fleet.desired, abort };
            let given = goal.filter(|goal| goal.count >= fleet.desired).unwrap_or(kept);
            match self.ensures.get_mut(&revision) {
                Some(op) if op.goal == given || goal.is_none_or(|goal| goal == op.goal) => {
                    op.given();
                    commands.push(ensure(&revision, op));
                }
                _ => self.give_ensure(revision, given, commands),
            }
        }
        let weights = self.goal_weights().unwrap_or_else(|| self.observed.weights.clone());
        match &mut self.shift {
            Some(op) if op.goal == weights => {
                op.given();
                commands.push(shift(op));
            }
            _ if weights.is_empty() => self.shift = None,
            _ => self.give_shift(weights, commands),
        }
        self.restoring = true;
    }
}

fn ensure(revision: &RevisionId, op: &Operation<Replicas>) -> Command {
    let Replicas { count, abort } = op.goal;
    Command::Ensure { id: op.id, revision: revision.clone(), replicas: count, abort }
}

fn shift(op: &Operation<Weights>) -> Command {
    Command::Shift { id: op.id, weights: op.goal.clone() }
}
