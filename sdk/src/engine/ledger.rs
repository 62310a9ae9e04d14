//! The engine's side of the record: what it told the recorder, and its own fold of that.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::lock;
use crate::recorder::{RecordError, Recorder};
use crate::state::{Change, Counts, Ended, Entry, Pending, State};
use crate::store::Clock;

/// What one run that writes has recorded so far.
pub(crate) struct Ledger {
    recorder: Recorder,
    state: Mutex<State>,
    counts: Mutex<Counts>,
    next_id: AtomicU64,
    next_operation: AtomicU64,
    update: u64,
    epoch: u64,
    clock: Clock,
}

impl Ledger {
    /// Begins an update.
    pub(crate) async fn begin(
        recorder: Recorder,
        state: State,
        verb: &str,
        epoch: u64,
        clock: Clock,
    ) -> Result<Self, RecordError> {
        let update = state.updates.last().map_or(1, |last| last.id + 1);
        let ledger = Self {
            next_id: AtomicU64::new(state.next_id),
            next_operation: AtomicU64::new(state.next_operation),
            recorder,
            state: Mutex::new(state),
            counts: Mutex::default(),
            update,
            epoch,
            clock,
        };
        ledger.record(Entry::Started { id: update, verb: verb.to_owned() }).await?;
        Ok(ledger)
    }

    /// An id for a new resource.
    pub(crate) fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Records an entry; it is durable when this returns `Ok`.
    async fn record(&self, entry: Entry) -> Result<(), RecordError> {
        self.recorder.record(entry.clone()).await?;
        lock(&self.state).apply(&entry, self.epoch, (self.clock)());
        Ok(())
    }

    /// Records that an operation is about to be asked of a provider.
    pub(crate) async fn start(&self, pending: Pending) -> Result<u64, RecordError> {
        let id = self.next_operation.fetch_add(1, Ordering::Relaxed);
        self.record(Entry::Begin { id, pending: Box::new(pending) }).await?;
        Ok(id)
    }

    /// Records how an operation ended.
    pub(crate) async fn end(&self, id: u64, changes: Vec<Change>, error: Option<String>) -> Result<(), RecordError> {
        self.record(Entry::End { id, changes, error }).await
    }

    /// Records what changed without a provider.
    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<(), RecordError> {
        if changes.is_empty() { Ok(()) } else { self.record(Entry::Changed { changes }).await }
    }

    /// Ends the update.
    pub(crate) async fn finish(&self, succeeded: bool) -> Result<(), RecordError> {
        let ended = Ended { at: (self.clock)(), succeeded, counts: self.counts() };
        self.record(Entry::Finished { id: self.update, ended }).await
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut lock(&self.counts));
    }

    pub(crate) fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    /// Looks at what is recorded by now.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.state))
    }
}
