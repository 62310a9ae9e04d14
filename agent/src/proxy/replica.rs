//! One process as all workers see it: what is in flight there, whether it is ejected, and its end.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::counts::{ErrorClass, Recording};
use super::routes::{Protocol, ReplicaId};

/// Failures in a row that eject a replica.
const FAILURES: u32 = 5;
const FIRST_EJECTION: Duration = Duration::from_secs(5);
const LONGEST_EJECTION: Duration = Duration::from_mins(1);

/// The state of one replica, shared by all workers and all tables that name it.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) id: ReplicaId,
    pub(super) address: SocketAddr,
    pub(super) protocol: Protocol,
    pub(super) recording: Arc<Recording>,
    /// Requests, upgraded connections and streams.
    in_flight: AtomicU64,
    /// Open connections, idle ones included.
    connections: AtomicU64,
    draining: AtomicBool,
    cut: watch::Sender<bool>,
    /// Those that serve connections, some of which may have ended.
    tasks: Mutex<Vec<AbortHandle>>,
    /// Told when `in_flight` or `connections` reaches 0 while draining.
    quiet: Notify,
    born: Instant,
    failures: AtomicU32,
    ejections: AtomicU32,
    /// Milliseconds after `born`.
    ejected_until: AtomicU64,
}

impl Replica {
    pub(super) fn new(id: ReplicaId, address: SocketAddr, protocol: Protocol, recording: Arc<Recording>) -> Self {
        Self {
            id,
            address,
            protocol,
            recording,
            in_flight: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            cut: watch::Sender::new(false),
            tasks: Mutex::default(),
            quiet: Notify::new(),
            born: Instant::now(),
            failures: AtomicU32::new(0),
            ejections: AtomicU32::new(0),
            ejected_until: AtomicU64::new(0),
        }
    }

    /// Takes the replica out of every choice, for good.
    pub(super) fn start_drain(&self) {
        self.draining.store(true, SeqCst);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(SeqCst)
    }

    /// Whether anything is open, idle connections included.
    pub(super) fn is_open(&self) -> bool {
        self.in_flight() > 0 || self.connections.load(SeqCst) > 0
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(SeqCst)
    }

    /// Begins an attempt, unless the replica is draining.
    ///
    /// The count rises before the flag is read, and a drain sets the flag before it reads the count: one of the two
    /// sees the other, so that no request slips in behind a drain that has ended.
    pub(super) fn begin(self: &Arc<Self>, now: Instant) -> Option<Attempt> {
        self.in_flight.fetch_add(1, SeqCst);
        self.recording.in_flight.fetch_add(1, Relaxed);
        let attempt = Attempt { replica: Arc::clone(self), started: now, head: None, known: false, open: true };
        if self.is_draining() {
            attempt.discard();
            return None;
        }
        Some(attempt)
    }

    /// Waits until nothing is in flight.
    pub(super) async fn idle(&self) {
        self.until(|| self.in_flight.load(SeqCst) == 0).await;
    }

    /// Waits until no connection is open.
    pub(super) async fn unconnected(&self) {
        self.until(|| self.connections.load(SeqCst) == 0).await;
    }

    async fn until(&self, reached: impl Fn() -> bool) {
        loop {
            let mut told = std::pin::pin!(self.quiet.notified());
            told.as_mut().enable();
            if reached() {
                return;
            }
            told.await;
        }
    }

    /// Closes everything that is open.
    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
        for task in self.tasks().drain(..) {
            task.abort();
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the task of a connection until the replica is cut. To end it from outside costs a request nothing; to have it
    /// await [`Replica::cut_signal`] would.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(task).abort_handle();
        let mut tasks = self.tasks();
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| !task.is_finished());
        }
        tasks.push(task.clone());
        drop(tasks);
        // It may have been cut since the connection was begun.
        if self.is_cut() {
            task.abort();
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Resolves when everything is to be closed.
    pub(super) async fn cut_signal(self: Arc<Self>) {
        self.cut.subscribe().wait_for(|cut| *cut).await.expect("the sender is held by self");
    }

    pub(super) fn connected(self: &Arc<Self>) -> ConnectionGuard {
        self.connections.fetch_add(1, SeqCst);
        ConnectionGuard(Arc::clone(self))
    }

    fn left(&self, counter: &AtomicU64) {
        if counter.fetch_sub(1, SeqCst) == 1 && self.is_draining() {
            self.quiet.notify_waiters();
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_ejected(&self, now: Instant) -> bool {
        let until = self.ejected_until.load(Relaxed);
        until != 0 && self.millis(now) < until
    }

    /// The replica answered.
    fn answered(&self) {
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
    }

    /// A connection could not be made or broke. True when that is the fifth or a later one in a row, outside of an
    /// ejection: the caller then looks whether the side can spare it.
    fn failed(&self, now: Instant) -> bool {
        self.failures.fetch_add(1, Relaxed) + 1 >= FAILURES && !self.is_ejected(now)
    }

    fn eject(&self, now: Instant) {
        let now = self.millis(now);
        let longest = u64::try_from(LONGEST_EJECTION.as_millis()).expect("a minute");
        let first = u64::try_from(FIRST_EJECTION.as_millis()).expect("seconds");
        // Back for a whole minute: what it was ejected for is past.
        if now > self.ejected_until.load(Relaxed).saturating_add(longest) {
            self.ejections.store(0, Relaxed);
        }
        let before = self.ejections.fetch_add(1, Relaxed);
        let time = first.saturating_mul(1 << before.min(10)).min(longest);
        self.ejected_until.store(now.saturating_add(time), Relaxed);
    }
}

/// Notes a connection failure of `failed`, one of the ready replicas `side`, and ejects it if it has failed five times in
/// a row and if at most half of the side is then ejected.
pub(super) fn note_failure<'a>(failed: &Replica, side: impl ExactSizeIterator<Item = &'a Replica>, now: Instant) {
    if !failed.failed(now) {
        return;
    }
    let ready = side.len();
    let ejected = side.filter(|replica| replica.is_ejected(now)).count();
    if (ejected + 1) * 2 <= ready {
        failed.eject(now);
        tracing::warn!(replica = %failed.id, "ejected after {FAILURES} failed connections in a row");
    }
}

/// An open connection to a replica.
#[derive(Debug)]
pub(super) struct ConnectionGuard(Arc<Replica>);

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.left(&self.0.connections);
    }
}

/// One attempt: counted as in flight until dropped, and by its outcome once that is known.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) replica: Arc<Replica>,
    started: Instant,
    head: Option<(StatusCode, Duration)>,
    /// The outcome is counted.
    known: bool,
    /// Bytes may still come.
    open: bool,
}

impl Attempt {
    /// The head of the response has come.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.head = Some((status, self.started.elapsed()));
        self.replica.answered();
    }

    /// The outcome is known, though bytes may still come.
    pub(super) fn decide(&mut self, error: Option<ErrorClass>) {
        if !std::mem::replace(&mut self.known, true) {
            self.replica.recording.attempt(self.head, error);
        }
    }

    /// The last byte has come.
    pub(super) fn finish(&mut self, error: Option<ErrorClass>) {
        self.decide(error);
        self.open = false;
    }

    /// The connection failed; what was closed by us past a deadline is no error of the replica.
    pub(super) fn fail(&mut self, error: ErrorClass) {
        if !self.replica.is_cut() {
            self.finish(Some(error));
        }
    }

    /// Never was.
    pub(super) fn discard(mut self) {
        (self.known, self.open) = (true, false);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        match (self.open, self.replica.is_cut()) {
            (true, true) => self.replica.recording.cut(),
            (true, false) if !self.known => self.replica.recording.abort(),
            _ => (),
        }
        self.replica.recording.in_flight.fetch_sub(1, Relaxed);
        self.replica.left(&self.replica.in_flight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replicas(n: usize) -> Vec<Arc<Replica>> {
        let recording = Arc::new(Recording::new());
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let new =
            |n: usize| Arc::new(Replica::new(n.to_string().into(), address, Protocol::Http1, Arc::clone(&recording)));
        (0..n).map(new).collect()
    }

    fn fail(side: &[Arc<Replica>], which: usize, times: u32, now: Instant) {
        (0..times).for_each(|_| note_failure(&side[which], side.iter().map(|replica| &**replica), now));
    }

    #[test]
    fn five_failures_in_a_row_eject_for_five_seconds_doubling_to_a_minute() {
        let side = replicas(2);
        let mut now = Instant::now();
        fail(&side, 0, 4, now);
        side[0].answered();
        fail(&side, 0, 4, now);
        assert!(!side[0].is_ejected(now), "four in a row");
        fail(&side, 0, 1, now);
        for seconds in [5, 10, 20, 40, 60, 60] {
            assert!(side[0].is_ejected(now), "for {seconds} s");
            fail(&side, 0, 3, now);
            now += Duration::from_millis(seconds * 1_000 - 1);
            assert!(side[0].is_ejected(now), "still, for {seconds} s");
            now += Duration::from_millis(1);
            assert!(!side[0].is_ejected(now), "after {seconds} s");
            fail(&side, 0, 1, now);
        }
        // Back for more than a minute and answering: it begins anew.
        now += Duration::from_secs(121);
        side[0].answered();
        fail(&side, 0, 5, now);
        assert!(side[0].is_ejected(now));
        now += Duration::from_secs(5);
        assert!(!side[0].is_ejected(now));
    }

    #[test]
    fn at_most_half_of_a_side_is_ejected() {
        for (n, most) in [(1, 0), (2, 1), (3, 1), (5, 2)] {
            let side = replicas(n);
            let now = Instant::now();
            (0..n).for_each(|which| fail(&side, which, 5, now));
            let ejected = side.iter().filter(|replica| replica.is_ejected(now)).count();
            assert_eq!(ejected, most, "of {n}");
        }
    }
}
