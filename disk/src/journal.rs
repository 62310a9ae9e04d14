//! An append-only file of records with a snapshot at its start, for state that no kill and no loss of power may lose.
//!
//! ```
//! use disk::RealFs;
//! use disk::journal::{self, Journal, Options};
//!
//! let directory = tempfile::tempdir()?;
//! let (journal, found) = Journal::open(&RealFs, directory.path(), "rollouts", Options::default())?;
//! assert!(found.snapshot.is_none() && found.records.is_empty());
//!
//! journal.append(b"begin")?;
//! let end = journal.append(b"end")?;
//! journal.sync(end)?; // both are durable now
//! journal.compact(b"all is done", end)?;
//!
//! // Without the lock, beside the journal that has it.
//! let found = journal::read(&RealFs, directory.path(), "rollouts")?.expect("it was created");
//! assert_eq!(found.snapshot.as_deref(), Some(&b"all is done"[..]));
//! assert!(found.records.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! - **Durable.** Every record for which [`Journal::sync`] returned `Ok`, or that [`Journal::open`] returned, is found by
//!   every later open, until a snapshot stands for it.
//! - **A prefix.** What is found is what was appended, in order, up to some point; nothing half, foreign or invented.
//! - **Noticed.** A write that power or a kill cut short is cut off and reported ([`Contents::torn`]). A record that was
//!   durable and is damaged is [`JournalError::Corrupt`], with file and byte; nothing is changed then.
//! - **Grouped.** Threads that wait for [`Journal::sync`] share one fsync.
//! - **One writer.** An open journal holds a lock; a second is [`JournalError::Locked`]. [`read`] takes none.
//! - **Usable.** A full disk is [`JournalError::Full`] and leaves the journal as it was. After a failed fsync it is
//!   [`JournalError::Poisoned`] and must be opened again.
//!
//! The layout, the order of writes with every crash case, the limits and the assumptions are in `docs/journal.md`.

mod error;
mod format;
mod place;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::fs::{Existing, File, Fs};
use crate::{Error, journal::format::Decoded};

pub use error::JournalError;
use place::{Handles, Place, Unpublished, unique};

/// The most bytes of one record.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;
/// The most bytes of a journal's file.
pub const MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Records that take less do not make a compaction worth its fsyncs.
const MIN_COMPACT: u64 = 1024 * 1024;

/// What a journal may take.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most bytes of the file, at most [`MAX_BYTES`]. A larger file is opened, so that it can be compacted.
    pub max_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_bytes: MAX_BYTES }
    }
}

/// What is in a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The snapshot of the last compaction.
    pub snapshot: Option<Vec<u8>>,
    /// The records that it does not stand for, in the order in which they were appended.
    pub records: Vec<Vec<u8>>,
    /// The write at the end that never became whole. Something to warn of: nobody was told that it is durable.
    pub torn: Option<Torn>,
}

/// The end of a file that holds no whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file.
    pub path: PathBuf,
    /// Where the torn write begins, and where [`Journal::open`] cut the file.
    pub offset: u64,
    /// How many bytes there were from there on.
    pub bytes: u64,
}

/// A point between two records of an open journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    opening: u64,
    /// How many records of this opening lie before it, those that were found included.
    sequence: u64,
}

/// An open journal. Its methods wait for the disk; any number of threads may call them at once.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    max_bytes: u64,
    opening: u64,
    writer: Mutex<Writer>,
    /// Told when an fsync ended.
    synced: Condvar,
}

#[derive(Debug)]
struct Writer {
    place: Place,
    append: Box<dyn File>,
    /// `None` while a thread syncs with it, which others need not wait for to append.
    sync: Option<Box<dyn File>>,
    /// The file's id.
    id: u64,
    /// Where the records begin.
    start: u64,
    len: u64,
    /// How many of the file's bytes are known to be durable.
    durable_len: u64,
    /// How many records the snapshot stands for, were appended, and are durable; counted from the opening.
    covered: u64,
    sequence: u64,
    durable: u64,
    poison: Option<Arc<io::Error>>,
    /// Holds the lock, and is dropped last.
    _lock: Box<dyn File>,
}

impl Journal {
    /// Opens the journal of this kind in `directory`, creating both where they are missing, and takes its lock.
    ///
    /// The kind names the files (`KIND.journal`, `KIND.lock`): 1 to 16 of `a-z`, `0-9` and `-`. All that is found is
    /// durable when this returns. It takes memory for up to three times the file.
    pub fn open(fs: &dyn Fs, directory: &Path, kind: &str, options: Options) -> Result<(Self, Contents), JournalError> {
        let place = Place::create(fs, directory, kind)?;
        let path = place.path();
        let lock = place.lock()?;
        let (handles, bytes) = match place.open()? {
            Some(found) => found,
            None => create(fs, &place, kind)?,
        };
        let decoded = format::decode(&bytes, kind).map_err(JournalError::invalid(path.clone()))?;
        place.remove_new();
        if decoded.end < bytes.len() as u64 {
            handles.append.set_len(decoded.end).map_err(Error::io("cut off the torn end of", &path))?;
        }
        // A killed process may have left records, or the name of a compacted file, to the cache alone.
        handles.sync.sync().map_err(Error::io("sync", &path))?;
        place.sync_directory()?;

        let sequence = decoded.records.len() as u64;
        let writer = Writer {
            place,
            append: handles.append,
            sync: Some(handles.sync),
            id: decoded.id,
            start: decoded.start,
            len: decoded.end,
            durable_len: decoded.end,
            covered: 0,
            sequence,
            durable: sequence,
            poison: None,
            _lock: lock,
        };
        let journal = Self {
            path: path.clone(),
            max_bytes: options.max_bytes.min(MAX_BYTES),
            opening: unique(),
            writer: Mutex::new(writer),
            synced: Condvar::new(),
        };
        Ok((journal, contents(decoded, path, bytes.len())))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a record after all others. It is not durable before [`Journal::sync`] says so, but outlives this process.
    ///
    /// An error other than [`JournalError::Poisoned`] leaves the journal as it was, without the record.
    pub fn append(&self, record: &[u8]) -> Result<Position, JournalError> {
        if record.len() > MAX_RECORD {
            return Err(JournalError::TooLarge { path: self.path.clone(), len: record.len() });
        }
        let mut writer = self.writer();
        self.usable(&writer)?;
        let len = writer.len + format::frame_len(record);
        self.within_limit(len)?;
        let frame = format::frame(writer.id, writer.len, writer.durable_len, record);
        if let Err(error) = writer.append.write(&frame) {
            return Err(match writer.append.set_len(writer.len) {
                Ok(()) => Error::io("append to", &self.path)(error).into(),
                Err(error) => self.poison(&mut writer, error),
            });
        }
        writer.len = len;
        writer.sequence += 1;
        Ok(self.end_of(&writer))
    }

    /// The end: after the last record that was appended or found.
    pub fn position(&self) -> Position {
        self.end_of(&self.writer())
    }

    /// Returns when all records before `upto` are durable. One fsync serves all threads that wait, and appends go on.
    pub fn sync(&self, upto: Position) -> Result<(), JournalError> {
        let mut writer = self.writer();
        let file = loop {
            // An fsync that this thread waited for may have been enough.
            if self.is_durable(upto, &writer)? {
                return Ok(());
            }
            match writer.sync.take() {
                Some(file) => break file,
                None => writer = self.wait(writer),
            }
        };
        let (sequence, len) = (writer.sequence, writer.len);
        drop(writer);
        let outcome = file.sync();
        let mut writer = self.writer();
        writer.sync = Some(file);
        self.synced.notify_all();
        if let Err(error) = outcome {
            return Err(self.poison(&mut writer, error));
        }
        // An append that failed meanwhile may have cut off what this was to make durable.
        self.usable(&writer)?;
        (writer.durable, writer.durable_len) = (sequence, len);
        Ok(())
    }

    /// Replaces the file by one of `snapshot`, which stands for all records before `upto`, and the records after that.
    ///
    /// All of them are durable when it returns. Other calls wait meanwhile. An error other than
    /// [`JournalError::Poisoned`] leaves the journal as it was.
    pub fn compact(&self, snapshot: &[u8], upto: Position) -> Result<(), JournalError> {
        let mut writer = self.writer();
        while writer.sync.is_none() {
            writer = self.wait(writer);
        }
        self.usable(&writer)?;
        self.belongs(upto, &writer)?;
        let start = format::start(snapshot);
        self.within_limit(start)?;
        let kept = self.records_after(upto, &writer)?;
        let id = unique();
        let bytes = format::file(id, writer.place.kind(), Some(snapshot), &kept);
        let len = bytes.len() as u64;
        self.within_limit(len)?;
        let Handles { append, sync } = match writer.place.publish(&bytes, Existing::Replace) {
            Ok(handles) => handles,
            Err(Unpublished::Before(error)) => return Err(error.into()),
            Err(Unpublished::Unclear(error)) => return Err(self.poison(&mut writer, error)),
        };
        (writer.append, writer.sync) = (append, Some(sync));
        (writer.id, writer.start, writer.len, writer.durable_len) = (id, start, len, len);
        (writer.covered, writer.durable) = (upto.sequence, writer.sequence);
        Ok(())
    }

    /// How many bytes the records after the snapshot take.
    pub fn bytes_since_snapshot(&self) -> u64 {
        let writer = self.writer();
        writer.len - writer.start
    }

    /// Whether the records take more than 1 MiB and more than the snapshot, so that over time a byte is written about twice.
    pub fn should_compact(&self) -> bool {
        let writer = self.writer();
        writer.len - writer.start > writer.start.max(MIN_COMPACT)
    }

    /// No code that holds it panics.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an fsync to end.
    fn wait<'a>(&self, writer: MutexGuard<'a, Writer>) -> MutexGuard<'a, Writer> {
        self.synced.wait(writer).unwrap_or_else(PoisonError::into_inner)
    }

    fn end_of(&self, writer: &Writer) -> Position {
        Position { opening: self.opening, sequence: writer.sequence }
    }

    fn belongs(&self, position: Position, writer: &Writer) -> Result<(), JournalError> {
        if position.opening == self.opening && position.sequence >= writer.covered {
            return Ok(());
        }
        Err(JournalError::WrongPosition { path: self.path.clone() })
    }

    fn is_durable(&self, upto: Position, writer: &Writer) -> Result<bool, JournalError> {
        if upto.opening != self.opening {
            return Err(JournalError::WrongPosition { path: self.path.clone() });
        }
        if upto.sequence <= writer.durable {
            return Ok(true);
        }
        self.usable(writer).map(|()| false)
    }

    fn usable(&self, writer: &Writer) -> Result<(), JournalError> {
        match &writer.poison {
            None => Ok(()),
            Some(source) => Err(JournalError::Poisoned { path: self.path.clone(), source: Arc::clone(source) }),
        }
    }

    fn within_limit(&self, len: u64) -> Result<(), JournalError> {
        if len <= self.max_bytes {
            return Ok(());
        }
        Err(JournalError::Limit { path: self.path.clone(), limit: self.max_bytes })
    }

    /// Ends the journal's use, for what is on the disk is no longer known.
    fn poison(&self, writer: &mut Writer, error: io::Error) -> JournalError {
        // What the kernel failed to write may still be in its cache, where the next open would take it for durable.
        // Nobody was told that it is. If cutting fails too, so does most likely the next open.
        let _ = writer.append.set_len(writer.durable_len);
        let source = Arc::new(error);
        writer.poison = Some(Arc::clone(&source));
        JournalError::Poisoned { path: self.path.clone(), source }
    }

    fn records_after(&self, position: Position, writer: &Writer) -> Result<Vec<Vec<u8>>, JournalError> {
        if position.sequence == writer.sequence {
            return Ok(Vec::new());
        }
        let bytes = writer.place.read()?.unwrap_or_default();
        let mut decoded =
            format::decode(&bytes, writer.place.kind()).map_err(JournalError::invalid(self.path.clone()))?;
        if decoded.id != writer.id || decoded.end != writer.len {
            return Err(JournalError::Corrupt { path: self.path.clone(), offset: decoded.end });
        }
        let covered = usize::try_from(position.sequence - writer.covered).expect("they were all in memory");
        Ok(decoded.records.split_off(covered))
    }
}

/// Reads the journal of this kind in `directory` without its lock, also while another process appends; `None` when there
/// is none. Nothing is changed: a torn end is reported and stays, and what is found need not be durable.
pub fn read(fs: &dyn Fs, directory: &Path, kind: &str) -> Result<Option<Contents>, JournalError> {
    let Some(place) = Place::find(fs, directory, kind)? else { return Ok(None) };
    let read = || {
        let Some(bytes) = place.read()? else { return Ok(None) };
        let decoded = format::decode(&bytes, kind).map_err(JournalError::invalid(place.path()))?;
        Ok(Some(contents(decoded, place.path(), bytes.len())))
    };
    match read() {
        // A writer whose disk is full takes a half record back and writes another, perhaps between two reads.
        Err(JournalError::Corrupt { .. }) => read(),
        found => found,
    }
}

fn create(fs: &dyn Fs, place: &Place, kind: &str) -> Result<(Handles, Vec<u8>), JournalError> {
    place.sync_way(fs)?;
    let bytes = format::file(unique(), kind, None, &[]);
    let published = place.publish(&bytes, Existing::Keep);
    let handles = published.map_err(|unpublished| match unpublished {
        Unpublished::Before(error) => error,
        Unpublished::Unclear(error) => Error::io("create", &place.path())(error),
    })?;
    Ok((handles, bytes))
}

fn contents(decoded: Decoded, path: PathBuf, len: usize) -> Contents {
    let (offset, bytes) = (decoded.end, len as u64 - decoded.end);
    let torn = (bytes > 0).then_some(Torn { path, offset, bytes });
    Contents { snapshot: decoded.snapshot, records: decoded.records, torn }
}
