//! What runs and what waits, folded from events.

mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use crate::event::{Event, Step, Summary};
use crate::state::Operation;

/// What is done to a resource.
#[derive(Debug, Clone, Copy)]
enum Doing {
    Operation(Operation),
    Refresh,
}

/// Something that runs.
#[derive(Debug)]
struct Running {
    address: String,
    doing: Doing,
    since: Duration,
    /// When a log was told of it.
    told: Duration,
}

impl Running {
    fn begin(address: &str, doing: Doing, now: Duration) -> Self {
        Self { address: address.to_owned(), doing, since: now, told: now }
    }
}

/// An operation that waits for others.
#[derive(Debug)]
struct Blocked {
    address: String,
    operation: Operation,
    on: BTreeSet<String>,
}

/// What goes on. Times are since any moment, the same for all calls.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    title: String,
    began: Option<Duration>,
    /// When the last event came, or a log was told that none comes.
    heard: Duration,
    parallel: usize,
    planned: u64,
    /// How many operations the plan says, once it is whole.
    total: Option<u64>,
    done: u64,
    failed: u64,
    skipped: u64,
    refreshed: u64,
    /// The operations, by the order in which they began.
    running: BTreeMap<u64, Running>,
    /// What is looked at, by address: it may be before or between the operations on it.
    refreshing: BTreeMap<String, Running>,
    /// By the order in which they were told.
    blocked: BTreeMap<u64, Blocked>,
    /// What waits only for its turn.
    ready: BTreeSet<String>,
    /// Which of those that wait need an address.
    users: HashMap<String, Vec<u64>>,
    /// The places of addresses in `running` and `blocked`.
    places: HashMap<String, u64>,
    next: u64,
    /// What is removed first and made anew then: done only with the second.
    anew: HashSet<String>,
}

/// How many operations a plan stands for.
fn operations(summary: Summary) -> u64 {
    let Summary { create, update, replace, delete, import, forget: _, same: _ } = summary;
    create + update + 2 * replace + delete + import
}

impl Progress {
    /// Takes an event that came at this time.
    pub(crate) fn event(&mut self, event: &Event, now: Duration) {
        self.heard = now;
        match event {
            Event::Started { verb, stack, parallel } => {
                let title = format!("{verb} {stack}");
                *self = Self { title, began: Some(now), heard: now, parallel: *parallel, ..Self::default() };
            }
            Event::Planned { address, step, .. } => {
                self.planned += 1;
                if *step == Step::DeleteThenCreate {
                    self.anew.insert(address.clone());
                }
            }
            Event::Refreshing { address } => {
                let running = Running::begin(address, Doing::Refresh, now);
                self.refreshing.insert(address.clone(), running);
            }
            Event::Refreshed { address, .. } => {
                self.refreshing.remove(address);
                self.refreshed += 1;
            }
            Event::PlanEnded { summary, .. } => self.total = Some(operations(*summary)),
            Event::Waiting { address, operation, on } => self.waits(address, *operation, on),
            Event::Running { address, operation } => self.runs(address, *operation, now),
            Event::Done { address, operation, succeeded, .. } => self.is_done(address, *operation, *succeeded),
            Event::Kept { address, .. } => {
                self.leave(address);
                self.release(address);
                self.total = self.total.map(|total| total.saturating_sub(1));
            }
            Event::Skipped { address, .. } => self.skipped += u64::from(self.leave(address)),
            // It failed before it ran; of what ran it is known already.
            Event::Message { address: Some(address), severity: framework::Severity::Error, .. } => {
                self.failed += u64::from(self.leave(address));
            }
            Event::Message { .. } => {}
            Event::Ended { .. } => *self = Self::default(),
        }
    }

    fn waits(&mut self, address: &str, operation: Operation, on: &[String]) {
        if on.is_empty() {
            self.ready.insert(address.to_owned());
            return;
        }
        let place = self.place(address);
        for needed in on {
            self.users.entry(needed.clone()).or_default().push(place);
        }
        let on = on.iter().cloned().collect();
        self.blocked.insert(place, Blocked { address: address.to_owned(), operation, on });
    }

    fn runs(&mut self, address: &str, operation: Operation, now: Duration) {
        self.leave(address);
        let place = self.place(address);
        self.running.insert(place, Running::begin(address, Doing::Operation(operation), now));
    }

    fn is_done(&mut self, address: &str, operation: Operation, succeeded: bool) {
        self.leave(address);
        if succeeded {
            self.done += 1;
            let first_half = operation == Operation::Delete && self.anew.remove(address);
            if !first_half {
                self.release(address);
            }
        } else {
            self.failed += 1;
        }
    }

    fn place(&mut self, address: &str) -> u64 {
        self.next += 1;
        self.places.insert(address.to_owned(), self.next);
        self.next
    }

    /// Takes it from where it is, and says whether it was anywhere.
    fn leave(&mut self, address: &str) -> bool {
        let ready = self.ready.remove(address);
        let Some(place) = self.places.remove(address) else { return ready };
        self.running.remove(&place).is_some() | self.blocked.remove(&place).is_some() | ready
    }

    /// Nobody waits for it any more.
    fn release(&mut self, address: &str) {
        for place in self.users.remove(address).unwrap_or_default() {
            let Some(user) = self.blocked.get_mut(&place) else { continue };
            user.on.remove(address);
            if user.on.is_empty() {
                let address = user.address.clone();
                self.blocked.remove(&place);
                self.places.remove(&address);
                self.ready.insert(address);
            }
        }
    }
}
