//! What others see of the state, and what those who watch are told when it changes.

use std::collections::BTreeMap;

use super::state::State;
use super::{Command, Fleet};
use crate::wire::{Blocked, Failure, GateStatus, Happening, Outcome, PauseReason, Phase, StatusWord};
use crate::{Millis, RevisionId, Weight, Weights};

/// What the machine knows of [`wire::Status`](crate::wire::Status), under the same names.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is that of `wire::Status`")]
pub struct View {
    pub replicas: u32,
    pub generation: u64,
    pub phase: Phase,
    pub status: StatusWord,
    pub paused: Vec<PauseReason>,
    pub degraded: Option<String>,
    pub stable: Option<RevisionId>,
    pub candidate: Option<RevisionId>,
    pub weights: Weights,
    pub weight: Weight,
    pub step_index: u32,
    pub step_count: u32,
    pub rollout_id: Option<String>,
    pub started: Option<Millis>,
    pub last_failure: Option<Failure>,
    pub blocked: Vec<Blocked>,
    pub fleet: BTreeMap<RevisionId, Fleet>,
    pub gates: Vec<GateStatus>,
}

impl State {
    /// What others see of it.
    pub fn view(&self) -> View {
        let rollout = self.rollout.as_ref();
        let (id, started) = self.last.clone().unzip();
        View {
            replicas: self.replicas,
            generation: self.generation,
            phase: self.phase(),
            status: self.status(),
            paused: rollout.iter().flat_map(|rollout| &rollout.pauses).cloned().collect(),
            degraded: self.degraded(),
            stable: self.stable.clone(),
            candidate: rollout.map(|rollout| rollout.candidate.clone()),
            weights: self.observed.weights.clone(),
            weight: rollout.map(|rollout| self.weight(&rollout.candidate)).unwrap_or_default(),
            step_index: self.step_index(),
            step_count: rollout.map_or(0, |rollout| rollout.plan.rungs()),
            rollout_id: id,
            started,
            last_failure: self.last_failure.clone(),
            blocked: self.blocked.iter().cloned().collect(),
            fleet: self.observed.fleet.clone(),
            gates: self.gate_statuses(),
        }
    }

    fn phase(&self) -> Phase {
        match &self.rollout {
            Some(rollout) if rollout.halted.is_none() => rollout.phase.clone(),
            None if !self.retained.is_empty() => Phase::Baking,
            _ => Phase::Idle,
        }
    }

    fn status(&self) -> StatusWord {
        match &self.rollout {
            Some(rollout) if rollout.halted.is_none() && rollout.pauses.is_empty() => StatusWord::Progressing,
            Some(rollout) if rollout.halted.is_none() => StatusWord::Paused,
            _ => self.word,
        }
    }

    fn step_index(&self) -> u32 {
        let rollout = self.rollout.as_ref();
        rollout.map_or(0, |rollout| rollout.rung().min(rollout.plan.rungs().saturating_sub(1)))
    }

    fn gate_statuses(&self) -> Vec<GateStatus> {
        let Some(rollout) = self.rollout.as_ref().filter(|rollout| !rollout.direct()) else { return Vec::new() };
        let said = |name: &String| rollout.gates.get(name).and_then(|judged| judged.verdict.clone());
        let gates = rollout.plan.gates.iter().map(|gate| &gate.name);
        gates.map(|name| GateStatus { name: name.clone(), verdict: said(name) }).collect()
    }

    /// What is amiss and may mend itself.
    fn degraded(&self) -> Option<String> {
        let failed = self.shift.iter().map(|op| &op.failed).chain(self.ensures.values().map(|op| &op.failed));
        self.missed_deadline().or_else(|| failed.flatten().next().cloned())
    }

    /// Tells what changed: gates to start and to stop, and happenings for those who watch.
    pub(super) fn announce(&mut self, before: &Self, restarted: bool, commands: &mut Vec<Command>) {
        self.announce_gates(before, restarted, commands);
        let mut emit = |happening| commands.push(Command::Emit(happening));
        let id = |state: &Self| state.rollout.as_ref().map(|rollout| rollout.id.clone());
        let same = id(self) == id(before);
        for ended in self.history.iter().rev().filter(|ended| !before.history.contains(*ended)) {
            emit(Happening::Ended(Box::new(ended.clone())));
        }
        self.history.truncate(self.history_limit as usize);
        if let Some(rollout) = self.rollout.as_ref().filter(|_| !same) {
            emit(Happening::Started { revision: rollout.candidate.clone(), from: rollout.from.clone() });
        }
        if (self.phase(), self.step_index()) != (before.phase(), before.step_index()) {
            emit(Happening::Advanced { phase: self.phase(), step_index: self.step_index() });
        }
        if self.observed.weights != before.observed.weights {
            emit(Happening::Shifted { weights: self.observed.weights.clone() });
        }
        let pauses = |state: &Self| state.rollout.as_ref().map(|rollout| rollout.pauses.clone()).unwrap_or_default();
        let (now, then) = (pauses(self), pauses(before));
        for reason in then.difference(&now).cloned() {
            emit(Happening::Resumed { reason });
        }
        for reason in now.difference(&then).cloned() {
            emit(Happening::Paused { reason });
        }
        let old = before.gate_statuses();
        for GateStatus { name, verdict } in self.gate_statuses().into_iter().filter(|gate| !same || !old.contains(gate))
        {
            if let Some(verdict) = verdict {
                emit(Happening::Judged { gate: name, verdict });
            }
        }
        if self.degraded() != before.degraded() {
            emit(Happening::Degraded { reason: self.degraded() });
        }
        let ending = |state: &Self| state.rollout.as_ref().and_then(|rollout| rollout.ending.clone());
        let old = ending(before);
        if let Some(ending) = ending(self).filter(|ending| ending.outcome != Outcome::Held)
            && old.as_ref() != Some(&ending)
        {
            emit(Happening::TakingBack { failure: ending.failure });
        }
    }

    fn announce_gates(&self, before: &Self, restarted: bool, commands: &mut Vec<Command>) {
        // Every shift to another share begins a step of the gates.
        let step = |state: &Self| {
            let rollout = state.rollout.as_ref().filter(|rollout| rollout.gated())?;
            let shares = rollout.plan.steps.iter().take(rollout.step + 1).filter_map(super::state::weight_of).count();
            Some((rollout.id.clone(), shares))
        };
        let (now, then) = (step(self), step(before));
        let (gates, old) = (self.gates(), before.gates());
        if then.is_some() && now.as_ref().map(|(id, _)| id) != then.as_ref().map(|(id, _)| id) {
            commands.extend(old.iter().map(|gate| Command::StopGate { name: gate.name.clone() }));
        }
        if now.is_some() && (restarted || now != then) {
            commands.extend(gates.iter().map(|gate| Command::StartGate { name: gate.name.clone() }));
        }
    }
}
