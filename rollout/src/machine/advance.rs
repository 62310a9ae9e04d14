//! How a rollout climbs: replicas, traffic, hold, and the next rung.

use super::state::{Judged, Rollout, State};
use crate::gate::{self, Decision, Evidence, Outcome as Says, Verdict};
use crate::plan::{Step, Until};
use crate::wire::{Failure, Outcome, PauseReason, Phase};
use crate::{Millis, Span, Weight};

/// So many replicas may end by themselves within a rung; one more takes the candidate back.
pub(super) const EXITS: u64 = 2;

/// A gate that could not measure so many times in a row pauses the rollout.
const ERRORS: u32 = 4;

/// What the gates say together, and the one that decides it.
struct Together {
    says: Says,
    gate: String,
}

impl Rollout {
    /// Counts time: `wall` by the clock, `awake` without gaps.
    pub(super) fn pass_time(&mut self, wall: Span, awake: Span, in_effect: bool) {
        if self.halted.is_some() {
            return;
        }
        let stopped = self.climbing() && !self.pauses.is_empty();
        if self.phase == Phase::Holding {
            if in_effect {
                self.held = self.held.plus(awake);
            }
        } else if !stopped {
            let waits = if self.phase == Phase::Shifting { &mut self.moving } else { &mut self.waited };
            *waits = waits.plus(awake);
        }
        if self.phase != Phase::Shifting {
            self.moving = Span::ZERO;
        }
        if self.pauses.iter().any(by_person) {
            self.paused = self.paused.plus(wall);
        }
        if self.pauses.contains(&PauseReason::Approval) {
            self.unapproved = self.unapproved.plus(wall);
        }
        if self.pauses.iter().any(|reason| *reason != PauseReason::Approval) {
            self.pausing = self.pausing.plus(wall);
        } else {
            self.pausing = Span::ZERO;
        }
    }

    /// Goes to a step.
    pub(super) fn enter(&mut self, step: usize, exits: u64) {
        let scaled = step.checked_sub(1).and_then(|before| self.plan.steps.get(before));
        let begins = match self.plan.steps.get(step) {
            Some(Step::Scale { .. }) => true,
            Some(Step::Weight { .. }) => !matches!(scaled, Some(Step::Scale { .. })),
            _ => false,
        };
        if begins {
            self.exits = Some(exits);
            self.waited = Span::ZERO;
        }
        if matches!(self.plan.steps.get(step), Some(Step::Weight { .. })) {
            for gate in &self.plan.gates {
                let Some(judged) = self.gates.get_mut(&gate.name) else { continue };
                judged.fresh = false;
                if let Some(evidence) = &mut judged.evidence {
                    gate.begin_step(evidence);
                }
            }
        }
        self.step = step;
        (self.held, self.unapproved) = (Span::ZERO, Span::ZERO);
        (self.approved, self.skip, self.over) = (false, false, false);
    }

    /// What the gates say together. A gate that said nothing in this step has no data.
    fn together(&self, at_step_end: bool) -> Together {
        let fresh = self.gates.iter().filter(|(_, judged)| judged.fresh);
        let outcomes =
            fresh.filter_map(|(name, judged)| Some((name.clone(), judged.verdict.as_ref()?.outcome))).collect();
        let decision = gate::check(&self.plan.gates, self.plan.pass_when.as_deref())
            .map(|rule| if at_step_end { rule.decide_at_step_end(&outcomes) } else { rule.decide_now(&outcomes) });
        match decision {
            Ok(Decision { outcome, gate }) => Together { says: outcome, gate: gate.unwrap_or_default() },
            // Plans are checked before they are followed; what cannot be read never passes.
            Err(_) => Together { says: Says::NoData, gate: String::new() },
        }
    }
}

fn by_person(reason: &PauseReason) -> bool {
    matches!(reason, PauseReason::Operator | PauseReason::Interrupted | PauseReason::Approval)
}

impl State {
    /// Keeps what a gate said.
    pub(super) fn judge(&mut self, name: String, verdict: Verdict, evidence: Evidence) {
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.gated()) else { return };
        if !rollout.plan.gates.iter().any(|gate| gate.name == name) {
            return;
        }
        let errors = rollout.gates.get(&name).map_or(0, |judged| judged.errors);
        let errors = if verdict.outcome == Says::Error { errors.saturating_add(1) } else { 0 };
        rollout.gates.insert(name, Judged { verdict: Some(verdict), evidence: Some(evidence), fresh: true, errors });
    }

    /// Does whatever the state allows.
    pub(super) fn advance(&mut self, now: Millis) {
        if !self.live {
            return;
        }
        match self.rollout.as_ref().map(|rollout| rollout.phase.clone()) {
            None => {}
            Some(_) if self.rollout.as_ref().is_some_and(|rollout| rollout.is(Outcome::Held)) => self.keep_serving(),
            Some(Phase::Promoting) => self.promote(now),
            Some(Phase::TakingBack | Phase::RestoringStable) => self.go_back(now),
            Some(_) => {
                if self.failing(now).is_none() {
                    self.climb();
                }
                // Asked again, for a step may have come to its end just now.
                if let Some((failure, outcome)) = self.failing(now) {
                    self.take_back(failure, outcome, true, now);
                }
            }
        }
        self.expire(now);
    }

    /// Why the candidate has to be taken back, whatever step it is at.
    fn failing(&self, now: Millis) -> Option<(Failure, Outcome)> {
        let rollout = self.rollout.as_ref().filter(|rollout| rollout.climbing())?;
        let plan = &rollout.plan;
        let fail = |gate: Option<&str>, measured: String, threshold: String, reason: String| {
            let failure = self.failure(&rollout.candidate, gate, measured, threshold, reason, now);
            Some((failure, Outcome::RolledBack))
        };
        if rollout.gated() {
            let together = rollout.together(rollout.over);
            if together.says == Says::Fail
                && let Some(verdict) = rollout.gates.get(&together.gate).and_then(|judged| judged.verdict.clone())
            {
                let reason = format!("gate {:?} failed", together.gate);
                return fail(Some(&together.gate), verdict.measured, verdict.threshold, reason);
            }
        }
        let exits = self.exits_in_rung(rollout);
        if exits > EXITS {
            return fail(
                None,
                format!("{exits} replicas ended by themselves within a step"),
                format!("at most {EXITS}"),
                "its replicas end by themselves".to_owned(),
            );
        }
        let hopeless = self.ensures.get(&rollout.candidate).filter(|op| op.hopeless).and_then(|op| op.failed.clone());
        let unshiftable = self.shift.as_ref().filter(|op| op.hopeless).and_then(|op| op.failed.clone());
        if let Some(message) = hopeless.or(unshiftable) {
            return fail(None, message.clone(), String::new(), format!("the target cannot carry it out: {message}"));
        }
        if rollout.over && self.ready(&rollout.candidate) < self.needed(rollout.share()) && !self.is_growing(rollout) {
            let (ready, needed) = (self.ready(&rollout.candidate), self.needed(rollout.share()));
            return fail(
                None,
                format!("{ready} replicas ready"),
                format!("at least {needed}"),
                "too few replicas were ready at the end of a step".to_owned(),
            );
        }
        if rollout.pausing >= plan.pause_deadline
            && rollout.pauses.iter().any(|reason| *reason != PauseReason::Approval)
        {
            let (measured, threshold) =
                (format!("paused for {}", rollout.pausing), format!("at most {}", plan.pause_deadline));
            return fail(None, measured, threshold, "it was paused for too long".to_owned());
        }
        if let Some(Step::Hold { until: Until::Approval { deadline } }) = plan.steps.get(rollout.step)
            && !rollout.approved
            && rollout.pauses.contains(&PauseReason::Approval)
            && rollout.unapproved >= *deadline
        {
            let measured = format!("waited for {}", rollout.unapproved);
            return fail(None, measured, format!("at most {deadline}"), "nobody approved it in time".to_owned());
        }
        if plan.abort_on_deadline
            && let Some(missed) = self.missed_deadline()
        {
            return fail(None, missed.clone(), format!("within {}", plan.progress_deadline), missed);
        }
        None
    }

    /// What the present wait for replicas or traffic has not reached in time.
    pub(super) fn missed_deadline(&self) -> Option<String> {
        let rollout = self.rollout.as_ref().filter(|rollout| rollout.halted.is_none())?;
        let (version, deadline) = (self.version(&rollout.candidate), rollout.plan.progress_deadline);
        let waited = if rollout.phase == Phase::Shifting { rollout.moving } else { rollout.waited };
        let (ready, all) = (self.ready(&rollout.candidate), self.candidate_replicas(rollout));
        (waited >= deadline).then_some(())?;
        match rollout.phase {
            Phase::Preparing | Phase::Promoting => {
                Some(format!("{ready} of {all} replicas of {version} are ready after {deadline}"))
            }
            Phase::RestoringStable => Some(format!("no stable replica is ready after {deadline}")),
            Phase::TakingBack if rollout.back => Some(format!("replicas of {version} still run after {deadline}")),
            Phase::Shifting | Phase::TakingBack => Some(format!("the weights are not in effect after {deadline}")),
            Phase::Idle | Phase::Holding | Phase::Baking => None,
        }
    }

    pub(super) fn exits_in_rung(&self, rollout: &Rollout) -> u64 {
        rollout.exits.map_or(0, |before| self.exits(rollout).saturating_sub(before))
    }

    pub(super) fn exits(&self, rollout: &Rollout) -> u64 {
        self.observed.fleet.get(&rollout.candidate).map_or(0, |fleet| fleet.exits)
    }

    /// How many ready replicas a share needs.
    pub(super) fn needed(&self, share: Weight) -> u32 {
        share.of(self.replicas).max(1)
    }

    fn is_growing(&self, rollout: &Rollout) -> bool {
        rollout.growing && self.ready(&rollout.candidate) < self.candidate_replicas(rollout)
    }

    /// How many replicas the candidate shall have.
    pub(super) fn candidate_replicas(&self, rollout: &Rollout) -> u32 {
        let part = if rollout.phase == Phase::Promoting { Weight::ALL } else { rollout.part() };
        self.needed(part)
    }

    /// Follows the plan as far as it goes.
    fn climb(&mut self) {
        let Some(rollout) = &self.rollout else { return };
        let (ready, present) = (self.ready(&rollout.candidate), self.weight(&rollout.candidate));
        let stable_ready = self.stable_ready();
        let (moving, restoring) = (self.shift.is_some(), self.restoring);
        if let Some(rollout) = &mut self.rollout {
            // What somebody else took away is raised again by the same rules as ever. Paused on the way up: what is not in
            // effect yet is not wanted any more, but what was before a restart is.
            if rollout.goal > present && (!moving || !rollout.pauses.is_empty() && !restoring) {
                rollout.goal = present;
            }
            // Who cannot answer gets no traffic while somebody else can.
            if ready == 0 && stable_ready > 0 {
                rollout.goal = Weight::ZERO;
            }
        }
        while let Some(rollout) = self.rollout.as_ref() {
            let (wanted, exits) = (self.candidate_replicas(rollout), self.exits(rollout));
            let desired = self.observed.fleet.get(&rollout.candidate).map_or(0, |fleet| fleet.desired);
            let growing = self.is_growing(rollout);
            if let Some(rollout) = &mut self.rollout {
                rollout.growing = growing;
            }
            let Some(rollout) = self.rollout.as_ref() else { return };
            let done = match rollout.plan.steps.get(rollout.step) {
                None => {
                    self.enter_promotion();
                    return;
                }
                Some(Step::Scale { .. }) => {
                    let done = ready >= wanted && desired >= wanted;
                    self.set_phase(Phase::Preparing);
                    done
                }
                Some(Step::Weight { .. }) => self.carry(ready),
                Some(Step::Hold { .. }) if rollout.direct() => true,
                Some(Step::Hold { .. }) => {
                    if !self.carry(ready) {
                        false
                    } else if growing {
                        self.set_phase(Phase::Preparing);
                        false
                    } else {
                        self.set_phase(Phase::Holding);
                        self.hold(ready)
                    }
                }
            };
            let Some(rollout) = self.rollout.as_mut().filter(|_| done) else { return };
            // Without a reason to stay, the next step begins; the last one leads past the point of no return.
            let last = rollout.step + 1 == rollout.plan.steps.len();
            if !rollout.pauses.is_empty() && last {
                rollout.phase = Phase::Holding;
                return;
            }
            rollout.enter(rollout.step + 1, exits);
        }
    }

    /// Brings the share of the rung to the candidate, as far as its replicas are ready. True once it is in effect.
    fn carry(&mut self, ready: u32) -> bool {
        let share = self.rollout.as_ref().map_or(Weight::ZERO, Rollout::share);
        let needed = self.needed(share);
        let Some(rollout) = &mut self.rollout else { return false };
        if rollout.goal < share {
            if ready < needed || !rollout.pauses.is_empty() {
                rollout.phase = Phase::Preparing;
                return false;
            }
            rollout.goal = share;
            rollout.shifted = true;
        }
        let done = self.in_effect();
        if !done {
            self.set_phase(Phase::Shifting);
        }
        done
    }

    /// Waits for the end of a hold and asks the gates. True when the next step may begin.
    fn hold(&mut self, ready: u32) -> bool {
        let share = self.rollout.as_ref().map_or(Weight::ZERO, Rollout::share);
        let needed = self.needed(share);
        let Some(rollout) = &mut self.rollout else { return false };
        let Some(Step::Hold { until }) = rollout.plan.steps.get(rollout.step) else { return true };
        if rollout.skip {
            return rollout.pauses.is_empty();
        }
        let deadline = rollout.plan.progress_deadline;
        let (over, bounded, limit) = match until {
            Until::Gates => (true, rollout.held >= deadline, deadline.plus(deadline)),
            Until::Elapsed(span) => (rollout.held >= *span, true, span.plus(deadline)),
            Until::Approval { .. } => (rollout.approved, true, deadline),
        };
        let approval = matches!(until, Until::Approval { .. }) && !rollout.approved;
        if approval {
            rollout.pauses.insert(PauseReason::Approval);
        }
        rollout.over = over && bounded;
        let Together { says, gate } = rollout.together(over);
        let failing = rollout.gates.get(&gate).is_some_and(|judged| judged.errors >= ERRORS);
        if says == Says::Error && failing {
            rollout.pauses.insert(PauseReason::Errors { gate: gate.clone() });
        }
        if says > Says::Error {
            rollout.pauses.retain(|reason| !matches!(reason, PauseReason::Errors { .. }));
        }
        if says == Says::Pass {
            rollout.pauses.retain(|reason| !matches!(reason, PauseReason::Inconclusive { .. }));
        }
        if rollout.over && says == Says::Inconclusive {
            rollout.pauses.insert(PauseReason::Inconclusive { gate: gate.clone() });
        }
        // A host that gives no final word must not stay here for ever.
        if rollout.over && says == Says::NoData && rollout.held >= limit {
            rollout.pauses.insert(PauseReason::Inconclusive { gate });
        }
        // With too few replicas the step fails now; see `failing`.
        if over && says == Says::Pass {
            rollout.over = true;
        }
        over && says == Says::Pass && ready >= needed && rollout.pauses.is_empty()
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        if let Some(rollout) = &mut self.rollout {
            rollout.phase = phase;
        }
    }

    fn enter_promotion(&mut self) {
        if let Some(rollout) = &mut self.rollout {
            rollout.phase = Phase::Promoting;
            rollout.waited = Span::ZERO;
        }
    }
}
