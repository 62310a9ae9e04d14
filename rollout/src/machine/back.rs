//! How a rollout ends: promoted, taken back, or stopped where only a person can go on.

use super::advance::EXITS;
use super::state::{Ending, Rollout, Route, State};
use crate::wire::{Blocked, Ended, Failure, Outcome, Phase, StatusWord};
use crate::{Millis, RevisionId, Span, Weight};

impl State {
    pub(super) fn failure(
        &self,
        revision: &RevisionId,
        gate: Option<&str>,
        measured: String,
        threshold: String,
        reason: String,
        at: Millis,
    ) -> Failure {
        let version = self.version(revision);
        Failure { version, revision: revision.clone(), gate: gate.map(str::to_owned), measured, threshold, reason, at }
    }

    /// Begins to bring all traffic back to stable. With `block` the candidate is not tried again without being asked to.
    pub(super) fn take_back(&mut self, failure: Failure, outcome: Outcome, block: bool, now: Millis) {
        let Some(rollout) = &mut self.rollout else { return };
        if block {
            let token = rollout.retry_token.clone();
            self.blocked.retain(|blocked| blocked.revision != rollout.candidate);
            self.blocked.insert(Blocked { revision: rollout.candidate.clone(), retry_token: token });
        }
        if outcome != Outcome::FastRolledBack {
            self.last_failure = Some(failure.clone());
        }
        rollout.phase = Phase::TakingBack;
        rollout.goal = Weight::ZERO;
        rollout.waited = Span::ZERO;
        rollout.pauses.clear();
        rollout.halted = None;
        rollout.back = false;
        rollout.ending = Some(Ending { outcome, failure });
        self.generation += 1;
        self.revive();
        self.go_back(now);
    }

    /// Gives operations that cannot work another chance, for a person asked for it.
    fn revive(&mut self) {
        let shift = self.shift.iter_mut().map(|op| (&mut op.hopeless, &mut op.failures));
        for (hopeless, failures) in
            shift.chain(self.ensures.values_mut().map(|op| (&mut op.hopeless, &mut op.failures)))
        {
            (*hopeless, *failures) = (false, 0);
        }
    }

    /// Shift, drain, retire.
    pub(super) fn go_back(&mut self, now: Millis) {
        let in_effect = self.in_effect();
        let starved = self.goal_weights().is_none();
        let hopeless = self.shift.as_ref().is_some_and(|op| op.hopeless)
            || self
                .stable
                .as_ref()
                .and_then(|stable| self.ensures.get(stable))
                .is_some_and(|op| op.hopeless && starved);
        let Some(rollout) = &mut self.rollout else { return };
        if !rollout.back {
            if in_effect && self.live {
                rollout.back = true;
                rollout.halted = None;
                rollout.phase = Phase::TakingBack;
                rollout.waited = Span::ZERO;
                self.leaving.insert(rollout.candidate.clone(), true);
                return;
            }
            rollout.phase = if starved { Phase::RestoringStable } else { Phase::TakingBack };
            // What failed is tried on, so that traffic returns when it can; but nobody waits for it any more.
            if rollout.halted.is_some() {
                return;
            }
            if hopeless || rollout.waited >= rollout.plan.progress_deadline {
                self.halt(Outcome::RollbackFailed, now);
            }
            return;
        }
        // A replica that does not end holds nobody up: it gets no traffic, and it is retired in the background.
        let late = rollout.waited >= rollout.plan.progress_deadline;
        let candidate = rollout.candidate.clone();
        let outcome = rollout.ending.as_ref().map_or(Outcome::Aborted, |ending| ending.outcome);
        let stuck = self.ensures.get(&candidate).is_some_and(|op| op.hopeless);
        if in_effect && (self.is_gone(&candidate) || late || stuck) {
            self.finish(outcome, now);
        }
    }

    /// Whether nothing of a revision runs or is on its way.
    pub(super) fn is_gone(&self, revision: &RevisionId) -> bool {
        let fleet = self.observed.fleet.get(revision).copied().unwrap_or_default();
        let weight = self.weight(revision);
        fleet.desired == 0 && fleet.running == 0 && weight == Weight::ZERO && !self.ensures.contains_key(revision)
    }

    /// Past the point of no return: the candidate becomes stable, or everything stays as it is.
    pub(super) fn promote(&mut self, now: Millis) {
        let Some(rollout) = &self.rollout else { return };
        let (ready, present) = (self.ready(&rollout.candidate), self.weight(&rollout.candidate));
        let (moving, all) = (self.shift.is_some(), self.replicas);
        if let Some(rollout) = &mut self.rollout {
            // What somebody else took away comes back when the replicas are ready for it.
            if rollout.goal > present && !moving {
                rollout.goal = present;
            }
            if ready >= all {
                rollout.goal = Weight::ALL;
            }
        }
        let Some(rollout) = &self.rollout else { return };
        let exits = self.exits_in_rung(rollout);
        let hopeless = self.ensures.get(&rollout.candidate).is_some_and(|op| op.hopeless);
        if self.in_effect() && ready >= all {
            self.promoted(now);
        } else if exits > EXITS
            || hopeless
            || (ready == 0 && self.stable_ready() > 0)
            || self.missed_deadline().is_some()
        {
            let (measured, threshold) =
                (format!("{ready} replicas ready"), format!("{} replicas ready", self.replicas));
            let reason = "it failed while it was being promoted".to_owned();
            let failure = self.failure(&rollout.candidate.clone(), None, measured, threshold, reason, now);
            if self.stable.is_none() {
                // A first deployment has nothing to lose by being taken back.
                self.take_back(failure, Outcome::RolledBack, true, now);
            } else {
                self.last_failure = Some(failure.clone());
                if let Some(rollout) = &mut self.rollout {
                    rollout.ending = Some(Ending { outcome: Outcome::Held, failure });
                }
                self.halt(Outcome::Held, now);
                self.keep_serving();
            }
        }
    }

    /// After a failed promotion who has all traffic keeps it while it can answer. Of a split, or of nothing, stable gets all:
    /// a candidate that failed is given more only when nobody else can answer.
    pub(super) fn keep_serving(&mut self) {
        let stable_ready = self.stable_ready();
        let Some(rollout) = &self.rollout else { return };
        let (ready, present) = (self.ready(&rollout.candidate), self.weight(&rollout.candidate));
        let candidate =
            if present == Weight::ALL { ready > 0 || stable_ready == 0 } else { ready > 0 && stable_ready == 0 };
        if let Some(rollout) = &mut self.rollout {
            rollout.goal = if candidate { Weight::ALL } else { Weight::ZERO };
        }
    }

    fn promoted(&mut self, now: Millis) {
        let Some(rollout) = &self.rollout else { return };
        let (candidate, token, retain) = (rollout.candidate.clone(), rollout.retry_token.clone(), rollout.plan.retain);
        let (route, full) = (rollout.route, rollout.full);
        self.blocked.retain(|blocked| blocked.revision != candidate);
        self.retained.remove(&candidate);
        self.leaving.remove(&candidate);
        self.promoted.retain(|promoted| promoted.revision != candidate);
        self.promoted.insert(0, Blocked { revision: candidate.clone(), retry_token: token });
        if let Some(old) = self.stable.replace(candidate) {
            if route == Route::Undo {
                let left = self.promoted.iter().position(|promoted| promoted.revision == old);
                let token = left.and_then(|index| self.promoted.remove(index).retry_token);
                let (measured, reason) =
                    ("a person".to_owned(), "a person rolled it back after its promotion".to_owned());
                self.last_failure = Some(self.failure(&old, None, measured, String::new(), reason, now));
                self.blocked.retain(|blocked| blocked.revision != old);
                self.blocked.insert(Blocked { revision: old.clone(), retry_token: token });
                self.leaving.insert(old, true);
            } else if retain == Span::ZERO {
                self.leaving.insert(old, false);
            } else {
                self.retained.insert(old, now.after(retain));
            }
        }
        self.finish(
            match route {
                Route::Return | Route::Undo => Outcome::FastRolledBack,
                _ if full => Outcome::FastPromoted,
                _ => Outcome::Promoted,
            },
            now,
        );
    }

    /// Stops where only a person can go on.
    fn halt(&mut self, outcome: Outcome, now: Millis) {
        let Some(rollout) = &mut self.rollout else { return };
        rollout.halted = Some(outcome);
        rollout.pauses.clear();
        self.generation += 1;
        self.word = if outcome == Outcome::Held { StatusWord::Held } else { StatusWord::RollbackFailed };
        self.record(outcome, now);
    }

    /// Ends the rollout.
    pub(super) fn finish(&mut self, outcome: Outcome, now: Millis) {
        self.record(outcome, now);
        let undone = self.rollout.take().is_some_and(|rollout| rollout.route == Route::Undo);
        self.generation += 1;
        self.observed_at = None;
        self.word = match outcome {
            Outcome::RolledBack | Outcome::Aborted => StatusWord::RolledBack,
            Outcome::FastRolledBack if undone => StatusWord::RolledBack,
            _ => StatusWord::Healthy,
        };
    }

    /// Writes down how the rollout ended, in place of what was written when it stopped half-way.
    pub(super) fn record(&mut self, outcome: Outcome, now: Millis) {
        let Some(rollout) = &self.rollout else { return };
        let ended = Ended {
            rollout_id: rollout.id.clone(),
            version: self.version(&rollout.candidate),
            revision: rollout.candidate.clone(),
            from: rollout.from.clone(),
            outcome,
            started: rollout.started,
            ended: now,
            paused: rollout.paused,
            highest_weight: rollout.highest,
            failure: rollout.ending.as_ref().map(|ending| ending.failure.clone()),
        };
        self.history.retain(|old| old.rollout_id != ended.rollout_id);
        self.history.insert(0, ended);
        // The newest one is kept until it was announced; `forget` cuts.
    }

    /// Retires what was kept long enough.
    pub(super) fn expire(&mut self, now: Millis) {
        let expired: Vec<RevisionId> =
            self.retained.iter().filter(|(_, until)| now >= **until).map(|(revision, _)| revision.clone()).collect();
        for revision in expired {
            self.retained.remove(&revision);
            self.leaving.insert(revision, false);
        }
    }

    /// Drops what nobody needs any more.
    pub(super) fn forget(&mut self) {
        let gone: Vec<RevisionId> = self.leaving.keys().filter(|revision| self.is_gone(revision)).cloned().collect();
        for revision in gone {
            self.leaving.remove(&revision);
        }
        self.promoted.truncate(self.rollback_window.max(1) as usize + 1);
        let needed = self.revisions();
        self.versions.retain(|revision, _| needed.contains(revision));
        let weights = &self.observed.weights;
        if let Some(rollout) = &mut self.rollout {
            rollout.highest = rollout.highest.max(weights.get(&rollout.candidate).copied().unwrap_or_default());
        }
    }
}

impl Rollout {
    /// Whether only a person can go on.
    pub(super) fn is(&self, outcome: Outcome) -> bool {
        self.halted == Some(outcome)
    }
}
