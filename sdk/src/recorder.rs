//! The one who writes the state: takes entries from the engine, makes them durable in groups, and says so.
//!
//! It owns its own fold of the state, for compaction; the engine never sees that one.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::state::{self, Change, Entry, Loaded};
use crate::store::{Clock, LEASE, StoreError, Writer};

/// Why an entry is not recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecordError {
    /// The store did not take it. What became of it is seen when the stack is opened again.
    #[error("the state cannot be written: {0}")]
    Store(#[from] StoreError),
    /// The thread that writes is gone.
    #[error("the state cannot be written any more")]
    Ended,
}

type Answer = oneshot::Sender<Result<(), RecordError>>;

/// Hands entries to the thread that writes them. When it is dropped, everything it was handed is written.
pub(crate) struct Recorder {
    entries: Option<Sender<(Entry, Answer)>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts to write. `loaded` is what the writer's store holds.
    pub(crate) fn start(writer: Box<dyn Writer>, loaded: Loaded, clock: Clock) -> Self {
        let (entries, waiting) = mpsc::channel();
        let thread = thread::spawn(move || Task { writer, loaded, clock, compacts: true }.run(&waiting));
        Self { entries: Some(entries), thread: Some(thread) }
    }

    /// Records an entry. It is durable when this returns `Ok`.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), RecordError> {
        let (answer, answered) = oneshot::channel();
        let entries = self.entries.as_ref().ok_or(RecordError::Ended)?;
        entries.send((entry, answer)).map_err(|_| RecordError::Ended)?;
        answered.await.map_err(|_| RecordError::Ended)?
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.entries.take());
        if let Some(thread) = self.thread.take() {
            // It ends with the channel; if it panicked, everybody who waited was told so.
            let _ = thread.join();
        }
    }
}

/// Whether the entry changes who can open the secrets.
fn rewraps(entry: &Entry) -> bool {
    matches!(entry, Entry::Changed { changes } if changes.iter().any(|change| matches!(change, Change::Secrets(_))))
}

struct Task {
    writer: Box<dyn Writer>,
    loaded: Loaded,
    clock: Clock,
    /// Whether compacting has not failed yet.
    compacts: bool,
}

impl Task {
    /// Writes until nobody has entries any more. After a failure every entry is refused for the same reason.
    fn run(mut self, waiting: &Receiver<(Entry, Answer)>) {
        if let Err(error) = self.take(waiting) {
            for (_, answer) in waiting {
                drop(answer.send(Err(error.clone().into())));
            }
        }
    }

    fn take(&mut self, waiting: &Receiver<(Entry, Answer)>) -> Result<(), StoreError> {
        loop {
            let first = match waiting.recv_timeout(LEASE / 3) {
                Ok(first) => first,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    self.writer.renew()?;
                    continue;
                }
            };
            let (entries, answers): (Vec<_>, Vec<_>) = std::iter::once(first).chain(waiting.try_iter()).unzip();
            let rewrapped = self.loaded.state.secrets.is_some() && entries.iter().any(rewraps);
            let written = self.write(entries);
            for answer in answers {
                drop(answer.send(written.clone().map_err(RecordError::from)));
            }
            written?;
            // A compaction that fails, for lack of space for instance, changes nothing, and records are kept without it. Earlier
            // copies of the key, and what they open, are not left in the file.
            if rewrapped || (self.compacts && self.writer.should_compact()) {
                self.compacts = self.writer.compact(&state::snapshot(&self.loaded)).is_ok();
            }
        }
    }

    fn write(&mut self, entries: Vec<Entry>) -> Result<(), StoreError> {
        let (epoch, at) = (self.writer.epoch(), (self.clock)());
        let first = self.loaded.seq + 1;
        let records: Vec<_> = (first..).zip(entries).map(|(seq, entry)| state::write(seq, epoch, at, entry)).collect();
        let (records, bytes): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        self.writer.append(&bytes)?;
        for record in records {
            self.loaded.state.apply(&record.entry, epoch, at);
            self.loaded.seq = record.seq;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use disk::testing::{Fault, Faulty, Memory};

    use super::*;
    use crate::StackId;
    use crate::store::{DirectoryStore, Store, system_clock};

    #[test]
    fn entries_that_wait_share_one_sync() {
        let disk = Faulty::new(Memory::new());
        let store = DirectoryStore::with(Arc::new(disk.clone()), "states", system_clock());
        let stack = StackId::new("shop", "dev").expect("names");
        let (writer, _) = store.open(&stack, "test").expect("a new stack");
        let opened = disk.operations().len();
        // The writer stands still within the write of the first entry until it may go on.
        let ((stopped, stops), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
        let wait = move || {
            stopped.send(()).expect("the test waits");
            goes_on.recv().expect("the test lets it go on");
        };
        let _ = disk.clone().with(opened + 1, Fault::Meddle(Box::new(wait)));
        let recorder = Recorder::start(writer, Loaded::default(), system_clock());
        let entry = || Entry::Changed { changes: Vec::new() };
        let mut records: Vec<_> = (0..100).map(|_| Box::pin(recorder.record(entry()))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for (index, record) in records.iter_mut().enumerate() {
            assert!(record.as_mut().poll(&mut context).is_pending());
            if index == 0 {
                stops.recv().expect("the first entry is written");
            }
        }
        go_on.send(()).expect("the writer waits");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for record in records {
            runtime.block_on(record).expect("it is recorded");
        }
        let count = |what: &str| disk.operations()[opened..].iter().filter(|done| done.starts_with(what)).count();
        assert_eq!((count("write stack.journal"), count("sync stack.journal")), (100, 2));
    }
}
