//! How a rollout begins, and what becomes of the one that runs.

use std::collections::{BTreeMap, BTreeSet};

use super::operate::not_now;
use super::state::{Rollout, Route, State, Tried};
use super::{Refused, Start};
use crate::wire::{Outcome, Phase};
use crate::{Millis, RevisionId, Span, Weight};

impl State {
    pub(super) fn start(&mut self, start: Start, now: Millis) -> Result<(), Refused> {
        if start.expect_generation != self.generation {
            return Err(Refused::Changed { expected: start.expect_generation, found: self.generation });
        }
        start.plan.check().map_err(|error| Refused::Plan(error.to_string()))?;
        let stable = self.stable.as_ref() == Some(&start.revision);
        if let Some(rollout) = &self.rollout {
            let same = rollout.candidate == start.revision;
            let back = matches!(rollout.phase, Phase::TakingBack | Phase::RestoringStable);
            if rollout.is(Outcome::Held) && same {
                self.promote_fully()?;
                self.generation += 1;
                return Ok(());
            }
            if stable {
                return self.revert(now);
            }
            if same && !back && rollout.halted.is_none() {
                self.generation += 1;
                return Ok(());
            }
            if rollout.phase == Phase::Promoting && rollout.halted.is_none() {
                return Err(not_now("start", "the running rollout is being promoted; ask again in a moment"));
            }
        } else if stable {
            return Ok(());
        }
        self.check_blocked(&start)?;
        self.versions.insert(start.revision.clone(), start.version);
        let route = self.route(&start.revision);
        self.begin(route, start.revision, start.plan, start.retry_token, now);
        Ok(())
    }

    fn check_blocked(&self, start: &Start) -> Result<(), Refused> {
        let mut blocked = self.blocked.iter().filter(|blocked| blocked.revision == start.revision);
        if !start.retry_blocked && blocked.any(|blocked| blocked.retry_token == start.retry_token) {
            return Err(Refused::Blocked { revision: start.revision.clone() });
        }
        Ok(())
    }

    /// Without a stable revision there is nothing to compare with; one of the last revisions has proven itself.
    fn route(&self, revision: &RevisionId) -> Route {
        let mut window = self.promoted.iter().skip(1).take(self.rollback_window as usize);
        match &self.stable {
            None => Route::First,
            Some(_) if window.any(|promoted| promoted.revision == *revision) => Route::Return,
            Some(_) => Route::Ladder,
        }
    }

    /// The revision that runs already shall stay: the candidate is taken back, and is none the worse for it.
    fn revert(&mut self, now: Millis) -> Result<(), Refused> {
        let Some(rollout) = &self.rollout else { return Ok(()) };
        if rollout.halted.is_none() {
            if rollout.phase == Phase::Promoting {
                return Err(not_now("start", "the running rollout is being promoted; ask again in a moment"));
            }
            if matches!(rollout.phase, Phase::TakingBack | Phase::RestoringStable) {
                self.generation += 1;
                return Ok(());
            }
        }
        let reason = "the stable revision was asked for again".to_owned();
        let failure = self.failure(&rollout.candidate, None, String::new(), String::new(), reason, now);
        self.take_back(failure, Outcome::FastRolledBack, false, now);
        Ok(())
    }

    /// Puts a new rollout in the place of the one that runs.
    pub(super) fn begin(
        &mut self,
        route: Route,
        candidate: RevisionId,
        plan: crate::Plan,
        retry_token: Option<String>,
        now: Millis,
    ) {
        self.supersede(now);
        self.generation += 1;
        self.retained.remove(&candidate);
        self.leaving.remove(&candidate);
        let id = format!("r{}", self.generation);
        if route != Route::Undo {
            let (revision, retry_token, plan) = (candidate.clone(), retry_token.clone(), plan.clone());
            self.tried = Some(Tried { revision, retry_token, plan });
        }
        self.last = Some((id.clone(), now));
        let mut rollout = Rollout {
            id,
            from: self.stable.clone(),
            retry_token,
            plan,
            route,
            full: false,
            started: now,
            phase: Phase::Preparing,
            step: 0,
            goal: Weight::ZERO,
            highest: Weight::ZERO,
            shifted: false,
            waited: Span::ZERO,
            moving: Span::ZERO,
            held: Span::ZERO,
            unapproved: Span::ZERO,
            approved: false,
            skip: false,
            over: false,
            growing: false,
            exits: None,
            pauses: BTreeSet::new(),
            pausing: Span::ZERO,
            paused: Span::ZERO,
            gates: BTreeMap::new(),
            ending: None,
            back: false,
            halted: None,
            candidate,
        };
        let exits = self.exits(&rollout);
        let first = if rollout.direct() { rollout.last_rung() } else { 0 };
        rollout.enter(first, exits);
        self.rollout = Some(rollout);
        self.clock = Some(now);
    }

    /// Ends the running rollout in favour of another one: its candidate is drained and retired beside the new one.
    fn supersede(&mut self, now: Millis) {
        let Some(rollout) = &self.rollout else { return };
        self.leaving.insert(rollout.candidate.clone(), rollout.ending.is_some());
        if rollout.halted.is_none() {
            let outcome = rollout.ending.as_ref().map_or(Outcome::Superseded, |ending| ending.outcome);
            self.record(outcome, now);
        }
        self.rollout = None;
    }
}
