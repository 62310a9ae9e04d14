//! The machine: `(state, event, now) -> (state, commands)`.
//!
//! The host journals the whole state whenever it changed, and before it carries out the commands. While [`State::is_busy`] it
//! sends [`Event::Tick`] every second, and [`Event::Observed`] whenever the target changed and at least every second. What is
//! decided is a matter of the state alone: every event first changes what is known, then the rollout goes as far as that
//! allows (`advance`), then commands are given for whatever differs from what shall be (`reconcile`). So a command that was
//! lost, a weight that somebody else set and a replica that is missing are all the same case.
//!
//! # Phases
//! | phase | what it waits for | next |
//! |---|---|---|
//! | `Preparing` | the candidate's replicas of this rung to be ready | `Shifting` |
//! | `Shifting` | the weights to be in effect | `Holding`, the next rung, or `Promoting` after the last |
//! | `Holding` | the pause, a person, the gates | the next rung, or `Promoting` |
//! | `Promoting` | all replicas ready under all traffic; no way back | the end, or Held |
//! | `RestoringStable` | a stable replica to be ready | `TakingBack` |
//! | `TakingBack` | all traffic on stable, then no replica of the candidate left | the end, or rollback failed |
//! | `Baking` | the old revision's time; no rollout runs any more | Idle |
//!
//! From `Preparing`, `Shifting` and `Holding` a failing gate, a third exit within a rung, too few ready replicas at a rung's end, a
//! deadline, a person, or a client that had agreed on it lead to `TakingBack`; a [`wire::PauseReason`](crate::wire::PauseReason)
//! keeps them where they are. Only a person leads out of Held. Taking back that failed is recorded as such and tried on.
//!
//! # What always holds
//! - The candidate's share rises only with enough ready replicas, never above its rung, never while paused or on the way back,
//!   and never by a restart: then the lower of what was in effect and what was meant to be comes back.
//! - Nobody without a ready replica gets more traffic while somebody with traffic has one. A candidate without one loses its
//!   share until it has one again. A stable side without one keeps its share: more of an unproven revision is no remedy.
//! - There is one operation in flight for each revision's replicas and one for the weights. Given again, it has the same name;
//!   another goal is another name, and takes its place without waiting.
//! - Nothing is taken away from a revision that has traffic.
//!
//! # Time
//! Holds and the progress deadline count time between events that are at most 5 s apart, and holds only while their weight is in
//! effect and was observed within 5 s. The deadlines of pauses and approvals go by the clock, over sleep and restarts too. A clock
//! that was moved back adds nothing.
//!
//! # Who is blocked
//! A revision that a gate, a crash, a deadline or a person took back, with the token of that try. Not one whose client was
//! interrupted, that was replaced by another, or that made way for the stable one.

mod advance;
mod back;
mod command;
mod event;
mod operate;
mod reconcile;
mod start;
mod state;
mod view;

pub use command::{Command, OpId};
pub use event::{Action, Event, FailureKind, Fleet, Observation, Policy, Refused, Start};
pub use state::State;
pub use view::View;

use crate::{Millis, Span};

/// A longer gap between two events means that the host or the machine slept; it counts as no time in effect.
const GAP: Span = Span::from_secs(5);

/// Takes one event. The host journals the new state, if it changed, before it carries out the commands.
///
/// A refused event changes nothing.
pub fn step(state: &State, event: Event, now: Millis) -> Result<(State, Vec<Command>), Refused> {
    let mut next = state.clone();
    let mut commands = Vec::new();
    next.pass_time(now);
    let restarted = matches!(event, Event::Restarted { .. });
    match event {
        Event::Start(start) => next.start(start, now)?,
        Event::Tick => {}
        Event::Observed(observation) => next.observe(observation, now),
        Event::OpDone(id) => next.op_done(id),
        Event::OpFailed { id, kind, message } => next.op_failed(id, kind, message, &mut commands),
        Event::Gate { name, verdict, evidence } => next.judge(name, verdict, evidence),
        Event::Operator(action) => next.operate(&action, now)?,
        Event::Resize(replicas) => next.resize(replicas)?,
        Event::Configured => next.generation += 1,
        Event::ClientGone(policy) => next.client_gone(policy, now),
        Event::Restarted { rebooted } => next.restarted(rebooted),
    }
    next.advance(now);
    if restarted {
        next.restore(&mut commands);
    } else {
        next.reconcile(&mut commands);
    }
    next.forget();
    if !next.timed() {
        next.clock = None;
    }
    next.announce(state, restarted, &mut commands);
    Ok((next, commands))
}

impl State {
    /// Counts the time since the last event.
    fn pass_time(&mut self, now: Millis) {
        let wall = self.clock.map_or(Span::ZERO, |clock| now.since(clock));
        let awake = if wall > GAP { Span::ZERO } else { wall };
        if self.timed() {
            self.clock = Some(now);
        }
        let waits = self.ensures.values_mut().map(|op| &mut op.waited);
        for waited in waits.chain(self.shift.as_mut().map(|op| &mut op.waited)) {
            *waited = waited.plus(awake);
        }
        let in_effect = self.in_effect() && self.observed_at.is_some_and(|at| now.since(at) <= GAP && now >= at);
        if let Some(rollout) = &mut self.rollout {
            rollout.pass_time(wall, awake, self.live && in_effect);
        }
    }
}
