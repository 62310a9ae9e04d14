//! The engine's side of the record: what it told the recorder, and its own fold of that.
//!
//! An update begins with the first entry of a run, so that one that finds nothing to do writes nothing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::OnceCell;

use crate::recorder::{RecordError, Recorder};
use crate::state::{Change, Counts, Ended, Entry, Pending, State};
use crate::store::Clock;
use crate::sync::lock;

/// What one run that writes has recorded so far.
pub(crate) struct Ledger {
    recorder: Recorder,
    state: Mutex<State>,
    counts: Mutex<Counts>,
    next_id: AtomicU64,
    next_operation: AtomicU64,
    update: u64,
    verb: String,
    /// What the program made up things of, if it runs.
    seed: Option<u64>,
    /// Set when the beginning of the update is recorded.
    begun: OnceCell<()>,
    epoch: u64,
    clock: Clock,
}

impl Ledger {
    /// A ledger for an update of this verb, with the seed of the program if it runs.
    pub(crate) fn new(
        recorder: Recorder,
        state: State,
        (verb, seed): (&str, Option<u64>),
        epoch: u64,
        clock: Clock,
    ) -> Self {
        Self {
            next_id: AtomicU64::new(state.next_id),
            next_operation: AtomicU64::new(state.next_operation),
            update: state.next_update(),
            verb: verb.to_owned(),
            seed,
            begun: OnceCell::new(),
            recorder,
            state: Mutex::new(state),
            counts: Mutex::default(),
            epoch,
            clock,
        }
    }

    /// An id for a new resource.
    pub(crate) fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Records an entry; it is durable when this returns `Ok`.
    async fn record(&self, entry: Entry) -> Result<(), RecordError> {
        let started = || self.write(Entry::Started { id: self.update, verb: self.verb.clone(), seed: self.seed });
        self.begun.get_or_try_init(started).await?;
        self.write(entry).await
    }

    async fn write(&self, entry: Entry) -> Result<(), RecordError> {
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

    /// Ends the update, if it began.
    pub(crate) async fn finish(&self, succeeded: bool) -> Result<(), RecordError> {
        if !self.begun.initialized() {
            return Ok(());
        }
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
