//! What people and clients ask for.

use super::state::{Route, State};
use super::{Action, Policy, Refused};
use crate::plan::{Step, Until};
use crate::wire::{Outcome, PauseReason, Phase};
use crate::{Millis, RevisionId, Span};

pub(super) fn not_now(action: &str, why: &str) -> Refused {
    Refused::NotNow { action: action.to_owned(), why: why.to_owned() }
}

impl State {
    pub(super) fn operate(&mut self, action: &Action, now: Millis) -> Result<(), Refused> {
        match action {
            Action::Promote => self.promote_step(),
            Action::PromoteFull => self.promote_fully(),
            Action::Approve => self.approve(),
            Action::Pause => self.pause(PauseReason::Operator),
            Action::Resume => self.resume(),
            Action::Abort => self.abort("abort", "a person aborted it", now),
            Action::Rollback if self.rollout.is_none() => self.undo(now),
            Action::Rollback => self.abort("rollback", "a person rolled it back", now),
            Action::Retry => self.retry(now),
        }?;
        self.generation += 1;
        Ok(())
    }

    /// Why an action that needs a climbing candidate is not possible.
    fn not_climbing(&self, action: &str) -> Refused {
        let why = match &self.rollout {
            None => "no rollout is running",
            Some(rollout) if rollout.is(Outcome::Held) => {
                "the promotion failed; promote-full tries it again, rollback takes it back"
            }
            Some(rollout) if rollout.halted.is_some() => "taking back failed; rollback tries it again",
            Some(rollout) if rollout.phase == Phase::Promoting => {
                "the rollout is past the point of no return; rollback is possible when it is promoted"
            }
            Some(_) => "the rollout is being taken back; retry is possible when that is done",
        };
        not_now(action, why)
    }

    fn promote_step(&mut self) -> Result<(), Refused> {
        let refused = self.not_climbing("promote");
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.climbing()) else { return Err(refused) };
        if rollout.phase != Phase::Holding {
            return Err(not_now("promote", "the step holds nothing yet; promote-full skips all that is left"));
        }
        rollout.skip = true;
        rollout.over = false;
        rollout.pauses.clear();
        Ok(())
    }

    pub(super) fn promote_fully(&mut self) -> Result<(), Refused> {
        let refused = self.not_climbing("promote-full");
        let candidate = self.rollout.as_ref().map(|rollout| rollout.candidate.clone());
        let present = candidate.map(|candidate| self.weight(&candidate)).unwrap_or_default();
        let exits = self.rollout.as_ref().map_or(0, |rollout| self.exits(rollout));
        let Some(rollout) = &mut self.rollout else { return Err(refused) };
        let held = rollout.is(Outcome::Held);
        if !rollout.climbing() && !held {
            return Err(refused);
        }
        if held {
            (rollout.halted, rollout.ending) = (None, None);
            rollout.goal = present;
            rollout.phase = Phase::Preparing;
            let id = rollout.id.clone();
            self.history.retain(|ended| ended.rollout_id != id);
        }
        let Some(rollout) = &mut self.rollout else { return Err(refused) };
        rollout.full = true;
        rollout.pauses.clear();
        rollout.enter(rollout.last_rung(), exits);
        rollout.phase = Phase::Preparing;
        Ok(())
    }

    fn approve(&mut self) -> Result<(), Refused> {
        let refused = self.not_climbing("approve");
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.climbing()) else { return Err(refused) };
        let waits = matches!(rollout.plan.steps.get(rollout.step), Some(Step::Hold { until: Until::Approval { .. } }));
        if !waits || rollout.approved || !rollout.pauses.remove(&PauseReason::Approval) {
            return Err(not_now("approve", "nothing waits for an approval"));
        }
        rollout.approved = true;
        Ok(())
    }

    fn pause(&mut self, reason: PauseReason) -> Result<(), Refused> {
        let refused = self.not_climbing("pause");
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.climbing()) else { return Err(refused) };
        rollout.pauses.insert(reason);
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refused> {
        let refused = self.not_climbing("resume");
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.climbing()) else { return Err(refused) };
        let before = rollout.pauses.len();
        rollout.pauses.retain(|reason| *reason == PauseReason::Approval);
        if rollout.pauses.len() == before {
            let why = if before == 0 { "it is not paused" } else { "it waits for an approval; approve" };
            return Err(not_now("resume", why));
        }
        // The gates are asked again.
        for gate in rollout.gates.values_mut() {
            (gate.fresh, gate.errors) = (false, 0);
        }
        rollout.pausing = Span::ZERO;
        rollout.held = match rollout.plan.steps.get(rollout.step) {
            // What was too long without an answer may take as long again.
            Some(Step::Hold { until: Until::Gates | Until::Approval { .. } }) => Span::ZERO,
            Some(Step::Hold { until: Until::Elapsed(span) }) => rollout.held.min(*span),
            _ => rollout.held,
        };
        Ok(())
    }

    fn abort(&mut self, action: &str, reason: &str, now: Millis) -> Result<(), Refused> {
        let Some(rollout) = self.rollout.as_ref().filter(|rollout| rollout.climbing() || rollout.halted.is_some())
        else {
            return Err(self.not_climbing(action));
        };
        let again = rollout.ending.clone().filter(|_| rollout.is(Outcome::RollbackFailed));
        let (failure, outcome) = if let Some(ending) = again {
            // Another try of what failed: why it began stays as it is.
            (ending.failure, ending.outcome)
        } else {
            let reason = reason.to_owned();
            (self.failure(&rollout.candidate, None, String::new(), String::new(), reason, now), Outcome::Aborted)
        };
        self.take_back(failure, outcome, outcome != Outcome::FastRolledBack, now);
        Ok(())
    }

    /// After a promotion: back to the revision before, at once.
    fn undo(&mut self, now: Millis) -> Result<(), Refused> {
        let blocked = |revision: &RevisionId| self.blocked.iter().any(|blocked| blocked.revision == *revision);
        let before = self.promoted.iter().skip(1).find(|promoted| !blocked(&promoted.revision)).cloned();
        let (Some(before), Some(tried)) = (before, self.tried.clone()) else {
            return Err(not_now("rollback", "there is no earlier revision to return to"));
        };
        self.begin(Route::Undo, before.revision, tried.plan, before.retry_token, now);
        Ok(())
    }

    fn retry(&mut self, now: Millis) -> Result<(), Refused> {
        if self.rollout.as_ref().is_some_and(|rollout| !rollout.is(Outcome::RollbackFailed)) {
            return Err(not_now("retry", "a rollout is running; abort it first, or wait for its end"));
        }
        let failed = self.last_failure.as_ref().map(|failure| failure.revision.clone());
        let tried =
            self.tried.clone().filter(|tried| Some(&tried.revision) == failed.as_ref() && failed != self.stable);
        let Some(tried) = tried else {
            return Err(not_now("retry", "the last rollout was not taken back"));
        };
        let route = if self.stable.is_some() { Route::Ladder } else { Route::First };
        self.begin(route, tried.revision, tried.plan, tried.retry_token, now);
        Ok(())
    }

    pub(super) fn resize(&mut self, replicas: u32) -> Result<(), Refused> {
        if replicas == 0 {
            return Err(not_now("resize", "a service has at least one replica; remove it to have none"));
        }
        if replicas == self.replicas {
            return Ok(());
        }
        self.replicas = replicas;
        self.generation += 1;
        if let Some(rollout) = &mut self.rollout {
            rollout.growing = true;
            rollout.waited = Span::ZERO;
        }
        Ok(())
    }

    pub(super) fn client_gone(&mut self, policy: Policy, now: Millis) {
        // Where it cannot be followed any more, past the point of no return or on the way back, it changes nothing.
        if !self.rollout.as_ref().is_some_and(super::state::Rollout::climbing) {
            return;
        }
        match policy {
            Policy::Detach => {}
            Policy::Pause => {
                if let Some(rollout) = &mut self.rollout {
                    self.generation += u64::from(rollout.pauses.insert(PauseReason::Interrupted));
                }
            }
            Policy::Rollback => {
                let Some(rollout) = &self.rollout else { return };
                let reason = "its client was interrupted".to_owned();
                let failure = self.failure(&rollout.candidate, None, String::new(), String::new(), reason, now);
                // Nothing says that the revision is bad, so nothing keeps the next run from trying it again.
                self.take_back(failure, Outcome::Aborted, false, now);
            }
        }
    }
}
