//! The seam: what this crate asks of a file system, relative to open directories.
//!
//! Names are single path components. Answers are [`io::Error`]s whose kind is what callers branch on: `NotFound`,
//! `AlreadyExists`, `NotADirectory`, `DirectoryNotEmpty`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::{fmt, io};

use crate::Mode;

/// A file system: the way to a first directory.
pub trait Fs: fmt::Debug + Send + Sync {
    /// Opens the directory at `path`, following links. The empty path is the current directory.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Directory>>;
}

/// An open directory. It stays the same directory when it is renamed or its path is replaced.
pub trait Directory: fmt::Debug + Send {
    /// Opens a directory in this one; a link is not followed and is an error.
    fn open_directory(&self, name: &OsStr) -> io::Result<Box<dyn Directory>>;

    /// Creates a directory in this one.
    fn create_directory(&self, name: &OsStr) -> io::Result<()>;

    /// Opens what has this name for reading, without waiting; a link is not followed and is an error.
    fn open_file(&self, name: &OsStr) -> io::Result<Box<dyn File>>;

    /// Opens an existing file for reading from its start and for writing at its end; a link is not followed and is an error.
    fn open_append(&self, name: &OsStr) -> io::Result<Box<dyn File>>;

    /// Creates a file for writing; anything that already has the name is an error.
    fn create_file(&self, name: &OsStr, mode: Mode) -> io::Result<Box<dyn File>>;

    /// What has this name, a link itself rather than its target.
    fn kind(&self, name: &OsStr) -> io::Result<Kind>;

    /// Renames a file within this directory, atomically.
    fn rename(&self, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()>;

    /// Removes a file's name.
    fn remove_file(&self, name: &OsStr) -> io::Result<()>;

    /// Removes an empty directory.
    fn remove_directory(&self, name: &OsStr) -> io::Result<()>;

    /// The names in this directory, in no particular order.
    fn names(&self) -> io::Result<Vec<OsString>>;

    /// Makes what was created, renamed and removed in this directory durable.
    fn sync(&self) -> io::Result<()>;
}

/// An open file.
pub trait File: fmt::Debug + Send {
    /// What was opened.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Reads on from where the last read ended, to the end of the file or `limit` bytes.
    fn read(&mut self, limit: u64) -> io::Result<Vec<u8>>;

    /// Writes all of `bytes` after what this handle wrote before, or at the end of a file opened for that. After an error any part of them may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `len` bytes, or fills it up with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes the content durable, whichever handle wrote it.
    fn sync(&self) -> io::Result<()>;

    /// Takes the file's lock until this handle is dropped or its process ends. `false` when another handle has it, or
    /// when the file no longer has a name.
    fn try_lock(&self) -> io::Result<bool>;
}

/// What a rename does with a file that already has the new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// It is kept, and the rename fails with `AlreadyExists`.
    Keep,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket.
    Other,
}

/// What is known of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Its permissions.
    pub mode: Mode,
    /// Its length in bytes.
    pub len: u64,
}
