//! The one who writes the state: takes entries from the engine, makes them durable in groups, and says so.
//!
//! It owns its own fold of the state, for compaction; the engine never sees that one.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::state::{self, Entry, Loaded};
use crate::store::{Clock, LEASE, StoreError, Writer};

/// Why an entry is not recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecordError {
    /// The store did not take it. What became of it is seen when the stack is opened again.
    #[error("the state cannot be written: {0}")]
    Store(#[from] StoreError),
    /// An earlier entry was not taken, so none is.
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
        let thread = thread::spawn(move || Task { writer, loaded, clock }.run(&waiting));
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

struct Task {
    writer: Box<dyn Writer>,
    loaded: Loaded,
    clock: Clock,
}

impl Task {
    fn run(mut self, waiting: &Receiver<(Entry, Answer)>) {
        loop {
            let first = match waiting.recv_timeout(LEASE / 3) {
                Ok(first) => first,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => match self.writer.renew() {
                    Ok(()) => continue,
                    Err(_) => break,
                },
            };
            let (entries, answers): (Vec<_>, Vec<_>) = std::iter::once(first).chain(waiting.try_iter()).unzip();
            match self.write(entries) {
                Ok(()) => answers.into_iter().for_each(|answer| drop(answer.send(Ok(())))),
                Err(error) => {
                    for answer in answers {
                        drop(answer.send(Err(error.clone().into())));
                    }
                    break;
                }
            }
            // A compaction that fails changes nothing; the next write tells what is wrong.
            if self.writer.should_compact() && self.writer.compact(&state::snapshot(&self.loaded)).is_err() {
                break;
            }
        }
        // Who sends from now on is told that the channel is gone.
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
