//! What the gates read: counters of each revision that only rise.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::Duration;

use http::StatusCode;

use super::histogram::{Histogram, Recorder};

/// Why an attempt counts as an error of its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// The replica answered with a status of 500 to 599.
    Status,
    /// No connection could be made.
    Connect,
    /// The connection broke before the response was complete.
    Reset,
    /// The first byte of the response did not come in time.
    Timeout,
    /// What came was not HTTP.
    Malformed,
    /// The replica agreed to an upgrade and did not go through with it, or upgraded unasked.
    Upgrade,
    /// A gRPC status of 2, 4, 13, 14 or 15, or a gRPC response without one.
    Grpc,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::Status, Self::Connect, Self::Reset, Self::Timeout, Self::Malformed, Self::Upgrade, Self::Grpc];

    /// The class as a label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Upgrade => "upgrade",
            Self::Grpc => "grpc",
        }
    }
}

const LOWEST: u16 = 100;
const STATUSES: usize = 500;

/// The live counters of one revision.
#[derive(Debug)]
pub(super) struct Recording {
    requests: AtomicU64,
    errors: [AtomicU64; ErrorClass::ALL.len()],
    statuses: Box<[AtomicU64]>,
    retries: AtomicU64,
    cut: AtomicU64,
    aborts: AtomicU64,
    pub(super) in_flight: AtomicU64,
    latency: Recorder,
}

impl Recording {
    pub(super) fn new() -> Self {
        Self {
            requests: AtomicU64::new(0),
            errors: [const { AtomicU64::new(0) }; ErrorClass::ALL.len()],
            statuses: (0..STATUSES).map(|_| AtomicU64::new(0)).collect(),
            retries: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            aborts: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            latency: Recorder::new(),
        }
    }

    /// An attempt whose outcome is known: the response's status and the time to it, the error, or both.
    pub(super) fn attempt(&self, head: Option<(StatusCode, Duration)>, error: Option<ErrorClass>) {
        // Written in this order and read in the other: a reading never has more errors than requests.
        self.requests.fetch_add(1, Release);
        if let Some(class) = error {
            self.errors[class as usize].fetch_add(1, Release);
        }
        if let Some((status, latency)) = head {
            if let Some(count) = self.statuses.get(usize::from(status.as_u16().wrapping_sub(LOWEST))) {
                count.fetch_add(1, Relaxed);
            }
            self.latency.add(latency);
        }
    }

    pub(super) fn retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn cut(&self) {
        self.cut.fetch_add(1, Relaxed);
    }

    pub(super) fn abort(&self) {
        self.aborts.fetch_add(1, Relaxed);
    }

    pub(super) fn snapshot(&self) -> Counts {
        let statuses = (LOWEST..).zip(&self.statuses).map(|(status, count)| (status, count.load(Relaxed)));
        let errors = ErrorClass::ALL.map(|class| (class, self.errors[class as usize].load(Acquire)));
        Counts {
            requests: self.requests.load(Relaxed),
            errors: errors.into_iter().filter(|(_, count)| *count > 0).collect(),
            statuses: statuses.filter(|(_, count)| *count > 0).collect(),
            retries: self.retries.load(Relaxed),
            cut: self.cut.load(Relaxed),
            aborts: self.aborts.load(Relaxed),
            in_flight: self.in_flight.load(Relaxed),
            latency: self.latency.snapshot(),
        }
    }
}

/// A reading of one revision's counters. All but `in_flight` only rise, for as long as the routes name the revision.
///
/// An attempt is one request sent, or tried to be sent, to one replica. It is counted once, when its outcome is known:
/// at the head of the response if that is an error or an upgrade, else at the end of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts with a known outcome, errors included.
    pub requests: u64,
    /// Of those, the errors; each attempt is in one class at most. Classes without errors are left out.
    pub errors: BTreeMap<ErrorClass, u64>,
    /// Attempts by the exact status of the response; those without a response are in none.
    pub statuses: BTreeMap<u16, u64>,
    /// Attempts that were made because an earlier one of the same request had failed.
    pub retries: u64,
    /// Requests, upgraded connections and streams that were closed because a drain or a shutdown had passed its
    /// deadline. A request whose outcome was known by then, such as an upgrade, is among `requests` too.
    pub cut: u64,
    /// Requests that the client gave up before the response was complete. In no other count.
    pub aborts: u64,
    /// Requests, upgraded connections and streams that are open now.
    pub in_flight: u64,
    /// The time from an attempt's beginning to the head of its response.
    pub latency: Histogram,
}

impl Counts {
    /// All errors.
    pub fn error_total(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Attempts by the class of their status: `class` 5 is 500 to 599.
    pub fn status_class(&self, class: u16) -> u64 {
        self.statuses.range(class * 100..(class + 1) * 100).map(|(_, count)| count).sum()
    }
}
