//! What can go wrong, by what a caller does about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, RelativePath};

/// Why an operation on a folder did not happen. Paths are the folder's, as it was given, joined with the artifact's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A symbolic link stands in the place of a file or of a directory below the folder.
    #[error(
        "{} is a symbolic link, and links inside the folder are not followed; put a real file or directory in its place",
        path.display()
    )]
    Link {
        /// Where the link is.
        path: PathBuf,
    },
    /// Something that is neither file nor link stands in the place of a file.
    #[error("{} is not a regular file; move it away or choose another name", path.display())]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// Something that is not a directory stands in the place of one, the folder itself included.
    #[error("{} is not a directory; move what is there away or choose another folder", path.display())]
    NotADirectory {
        /// The directory that was wanted.
        path: PathBuf,
    },
    /// One artifact of the set has to be a directory for another.
    #[error("{} cannot be a file: the same set has files below it; rename one of them", path.display())]
    FileAndDirectory {
        /// The path in question.
        path: PathBuf,
    },
    /// The file, or the artifact to publish, is larger than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error("{} is larger than {} bytes, the most that is read or written; is this the right file?", path.display(), crate::MAX_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The path was expected to be free (or to hold the planned bytes) and holds something else.
    #[error("{} already exists with other content; move it away, or allow it to be overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what it was expected to be: somebody changed or removed it.
    #[error("{} changed: expected sha256 {expected}, found {}; look at the change, then plan again", path.display(), found_text(*found))]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it was expected to hold.
        expected: Digest,
        /// What it holds; `None` when it is gone.
        found: Option<Digest>,
    },
    /// The file system refuses: missing permission, or mounted read-only.
    #[error("cannot {operation} {}: permission denied; check who owns it and whether it is mounted read-only", path.display())]
    Permission {
        /// What was tried.
        operation: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk is full or the quota used up.
    #[error("cannot {operation} {}: no space left; free some and run again", path.display())]
    NoSpace {
        /// What was tried.
        operation: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Any other answer of the system.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

fn found_text(found: Option<Digest>) -> String {
    found.map_or_else(|| "no file".to_owned(), |digest| digest.to_string())
}

impl Error {
    /// For `map_err`: sorts the system's answer to `operation` on `path`.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Self::Permission { operation, path, source }
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { operation, path, source },
                _ => Self::Io { operation, path, source },
            }
        }
    }
}

/// A set that was not published, only in part, or not durably.
#[derive(Debug, thiserror::Error)]
#[error("{}", published_text(published))]
pub struct Failed {
    /// The files of the set that are in place with their new content, in order. All others are as they were.
    ///
    /// When `source` is about syncing the directory they are in, they may be undone by a loss of power.
    pub published: Vec<RelativePath>,
    /// What stopped it.
    pub source: Error,
}

fn published_text(published: &[RelativePath]) -> String {
    if published.is_empty() {
        return "nothing was published".to_owned();
    }
    let published: Vec<&str> = published.iter().map(RelativePath::as_str).collect();
    format!("published {}, then failed", published.join(", "))
}

/// A failure before the first file was in place.
impl From<Error> for Failed {
    fn from(source: Error) -> Self {
        Self { published: Vec::new(), source }
    }
}
