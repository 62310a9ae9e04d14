//! The one seam to the file system: sets of artifacts, published durably into a folder and confined to it, and the
//! append-only [`journal`] that state is kept in.
//!
//! ```
//! use disk::{Artifact, Artifacts, Expect, Folder};
//!
//! let repository = tempfile::tempdir()?;
//! let folder = Folder::new(repository.path().join(".github/workflows"));
//! let planned = Artifacts::from([("ci.yml".parse()?, Artifact::text("name: ci\n"))]);
//! assert_eq!(folder.check(&planned)?[0].to_string(), "ci.yml is missing");
//!
//! // Writes when the path is free or already holds exactly these bytes.
//! folder.publish(&planned, |_, artifact| Expect::AbsentOr(artifact.digest()))?;
//! assert!(folder.check(&planned)?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What follows is about artifacts; [`journal`] says the same of itself.
//!
//! # Guarantees
//!
//! - **Confined.** An artifact is named by a [`RelativePath`], which cannot leave the folder. Below the folder no
//!   symbolic link is followed: one in the place of a file or of a directory on the way is [`Error::Link`]. The folder
//!   itself may be reached through links.
//! - **Old or new.** Content is staged beside its target, synced and renamed over it. Whatever kills the process or the
//!   machine, a reader finds the old file or the new one.
//! - **Durable.** When [`Folder::publish`] or [`Folder::remove`] returns `Ok`, files and folder entries are synced.
//! - **Expected.** Each file carries a precondition, [`Expect`]. All of a set are checked before its first byte is
//!   written, and each again immediately before its rename. [`Expect::Absent`] is exact even against other programs.
//! - **Named.** A failure says which files of the set are in place ([`Failed::published`]); running out of space is
//!   found while staging, before the first of them.
//! - **Tidy.** A failed call removes its stages. Those of a killed process (`.NAME.devopsflow-RANDOM`) are removed by
//!   the next call that publishes into or removes from the same directory; one that a live process still writes never is.
//!
//! # Assumptions
//!
//! - A rename within one directory is atomic, and `fsync` of a file and of its directory makes both durable.
//! - A directory that already existed is durable; those that a call creates it syncs into their parents.
//! - Between checking [`Expect::Digest`] and the rename lie a few microseconds in which an editor's change is not seen:
//!   file systems offer no compare-and-rename.
//! - A process may hold as many files open (`ulimit -n`) as a set has files; if not, nothing of the set is published.
//! - Published files get new inodes: hard links to the old one keep the old content, and mode and owner are those of a
//!   file that this process creates.
//!
//! # Errors
//!
//! Every [`Error`] names the path, as the folder was given, and what to do. Causes are in [`std::error::Error::source`],
//! not in the message.

mod artifact;
mod diff;
mod digest;
mod error;
mod expect;
mod folder;
mod fs;
pub mod journal;
mod opened;
mod path;
mod publish;
mod real;
mod stage;
pub mod testing;

pub use artifact::{Artifact, Artifacts, MAX_BYTES, Mode};
pub use diff::Difference;
pub use digest::{Digest, InvalidDigest};
pub use error::{Error, Failed};
pub use expect::Expect;
pub use folder::Folder;
pub use fs::{Directory, Existing, File, Fs, Kind, Metadata};
pub use path::{InvalidPath, RelativePath};
pub use real::RealFs;
