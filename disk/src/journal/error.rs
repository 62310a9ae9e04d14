//! What can go wrong with a journal, by what a caller does about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::format::{Invalid, VERSION};

/// Why a journal was not opened, read or written. Each names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Somebody has the journal open: another process, or this one.
    #[error("{} is locked: another process uses this journal; end it, or choose another directory", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
    },
    /// The disk is full or the quota used up. The journal is as it was before the call, and usable.
    #[error("cannot {operation} {}: no space left; free some and try again", path.display())]
    Full {
        /// What was tried.
        operation: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file would grow beyond the limit of [`Options`](super::Options). The journal is as it was, and usable.
    #[error("{} would grow beyond {limit} bytes; compact it with a smaller snapshot", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// The record is larger than [`MAX_RECORD`](super::MAX_RECORD). The journal is as it was, and usable.
    #[error("a record of {len} bytes for {}: at most {} are written", path.display(), super::MAX_RECORD)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The record's length in bytes.
        len: usize,
    },
    /// Bytes that were durable are no longer what was written.
    #[error(
        "{} is damaged at byte {offset}; nothing was changed: restore it from a backup, or move it away to begin anew \
         without what it held",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where the first damaged header or record begins.
        offset: u64,
    },
    /// A later release wrote the file. It is left untouched.
    #[error("{} has format version {found}, and this release reads up to {VERSION}; use the newer release", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file was never a journal, an empty one included. It is left untouched.
    #[error("{} is not a journal; move it away, or choose another directory", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The file is a journal of another kind. It is left untouched.
    #[error("{} is a journal of kind `{found}`; was it renamed?", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// The kind in its header.
        found: String,
    },
    /// The kind cannot name a journal.
    #[error("`{kind}` is not a kind of journal: 1 to 16 of a-z, 0-9 and `-` are")]
    InvalidKind {
        /// As it was given.
        kind: String,
    },
    /// The position is one of another journal, also of an earlier opening of this one, or from before its snapshot.
    #[error("a position that {} does not have: of another opening of it, or older than its snapshot", path.display())]
    WrongPosition {
        /// The file.
        path: PathBuf,
    },
    /// It is not known any more what is durable. Drop the journal and open it again.
    #[error("cannot rely on {} any more, for it could not be synced; open it again", path.display())]
    Poisoned {
        /// The file.
        path: PathBuf,
        /// The first failure.
        source: Arc<io::Error>,
    },
    /// Any other failure of the file system; the journal is as it was, and usable.
    #[error(transparent)]
    File(crate::Error),
}

impl From<crate::Error> for JournalError {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::NoSpace { operation, path, source } => Self::Full { operation, path, source },
            other => Self::File(other),
        }
    }
}

impl JournalError {
    pub(super) fn invalid(path: PathBuf) -> impl FnOnce(Invalid) -> Self {
        move |invalid| match invalid {
            Invalid::NotAJournal => Self::NotAJournal { path },
            Invalid::Newer(found) => Self::Newer { path, found },
            Invalid::OtherKind(found) => Self::OtherKind { path, found },
            Invalid::Corrupt(offset) => Self::Corrupt { path, offset: offset as u64 },
        }
    }
}
