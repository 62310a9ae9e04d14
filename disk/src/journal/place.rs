//! The files of a journal in their directory: found, locked, read and published.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{JournalError, MAX_BYTES, format};
use crate::fs::{Existing, File, Fs, Kind};
use crate::opened::Opened;
use crate::{Error, Mode};

#[derive(Debug)]
pub(super) struct Place {
    directory: Opened,
    kind: String,
    journal: String,
    new: String,
    lock: String,
}

/// Two handles of one file, so that appends go on while it is synced.
#[derive(Debug)]
pub(super) struct Handles {
    pub(super) append: Box<dyn File>,
    pub(super) sync: Box<dyn File>,
}

/// A file that was not published.
#[derive(Debug)]
pub(super) enum Unpublished {
    /// The name leads to what it led to before.
    Before(Error),
    /// The name leads to the old file or to the new one, and after a crash perhaps to the other.
    Unclear(io::Error),
}

impl Place {
    /// In `directory`, which is created if missing.
    pub(super) fn create(fs: &dyn Fs, directory: &Path, kind: &str) -> Result<Self, JournalError> {
        check_kind(kind)?;
        Ok(Self::of(Opened::create_root(fs, directory)?, kind))
    }

    /// In `directory`; `None` when there is none.
    pub(super) fn find(fs: &dyn Fs, directory: &Path, kind: &str) -> Result<Option<Self>, JournalError> {
        check_kind(kind)?;
        Ok(Opened::root(fs, directory)?.map(|directory| Self::of(directory, kind)))
    }

    fn of(directory: Opened, kind: &str) -> Self {
        let journal = format!("{kind}.journal");
        Self { directory, kind: kind.to_owned(), new: format!("{journal}.new"), journal, lock: format!("{kind}.lock") }
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// Where the journal is.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path.join(&self.journal)
    }

    /// Takes the lock, which the file returned holds.
    pub(super) fn lock(&self) -> Result<Box<dyn File>, JournalError> {
        let path = self.directory.path.join(&self.lock);
        let (handle, name) = (&self.directory.handle, self.lock.as_ref());
        let opened = if self.directory.has_file(&self.lock)? {
            handle.open_file(name)
        } else {
            match handle.create_file(name, Mode::Regular) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => handle.open_file(name),
                created => created,
            }
        };
        let file = opened.map_err(Error::io("open", &path))?;
        if file.try_lock().map_err(Error::io("lock", &path))? { Ok(file) } else { Err(JournalError::Locked { path }) }
    }

    /// The journal to write to and all that is in it; `None` when there is none.
    pub(super) fn open(&self) -> Result<Option<(Handles, Vec<u8>)>, Error> {
        if !self.directory.has_file(&self.journal)? {
            return Ok(None);
        }
        let mut handles = self.handles(&self.journal).map_err(Error::io("open", &self.path()))?;
        let bytes = self.read_all(&mut *handles.append)?;
        Ok(Some((handles, bytes)))
    }

    /// All that is in the journal; `None` when there is none.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        if !self.directory.has_file(&self.journal)? {
            return Ok(None);
        }
        match self.directory.handle.open_file(self.journal.as_ref()) {
            Ok(mut file) => self.read_all(&mut *file).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("open", &self.path())(error)),
        }
    }

    fn read_all(&self, file: &mut dyn File) -> Result<Vec<u8>, Error> {
        let path = self.path();
        let fail = || Error::io("read", &path);
        // Asked of the open file, for the name may have changed hands since.
        if file.metadata().map_err(fail())?.kind != Kind::File {
            return Err(Error::NotAFile { path });
        }
        let bytes = file.read(MAX_BYTES + 1).map_err(fail())?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(fail()(ErrorKind::FileTooLarge.into()));
        }
        Ok(bytes)
    }

    fn handles(&self, name: &str) -> io::Result<Handles> {
        let open = || self.directory.handle.open_append(name.as_ref());
        Ok(Handles { append: open()?, sync: open()? })
    }

    /// Makes `bytes` the journal, durably.
    pub(super) fn publish(&self, bytes: &[u8], existing: Existing) -> Result<Handles, Unpublished> {
        let staged = self.stage(bytes).map_err(Error::io("write beside", &self.path()));
        let handles = staged.map_err(|error| {
            self.remove_new();
            Unpublished::Before(error)
        })?;
        let handle = &self.directory.handle;
        handle.rename(self.new.as_ref(), self.journal.as_ref(), existing).map_err(Unpublished::Unclear)?;
        handle.sync().map_err(Unpublished::Unclear)?;
        Ok(handles)
    }

    fn stage(&self, bytes: &[u8]) -> io::Result<Handles> {
        self.remove_new();
        let mut file = self.directory.handle.create_file(self.new.as_ref(), Mode::Regular)?;
        file.write(bytes)?;
        file.sync()?;
        self.handles(&self.new)
    }

    /// Removes what a killed process left. Housekeeping: what cannot be removed is in the way of the next publish only.
    pub(super) fn remove_new(&self) {
        let _ = self.directory.handle.remove_file(self.new.as_ref());
    }

    /// Syncs the directories that lead to the journal's, as far as the path given names them: a process that was killed
    /// may have created them and not come to that.
    pub(super) fn sync_way(&self, fs: &dyn Fs) -> Result<(), Error> {
        for path in self.directory.path.ancestors().skip(1) {
            match fs.open(path) {
                Ok(directory) => directory.sync().map_err(Error::io("sync the directory", path))?,
                // Nobody created anything in a directory that this user may only pass through.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
                Err(error) => return Err(Error::io("open", path)(error)),
            }
        }
        Ok(())
    }

    pub(super) fn sync_directory(&self) -> Result<(), Error> {
        self.directory.sync()
    }
}

fn check_kind(kind: &str) -> Result<(), JournalError> {
    if format::is_kind(kind) { Ok(()) } else { Err(JournalError::InvalidKind { kind: kind.to_owned() }) }
}

/// A number that no other file or opening has.
pub(super) fn unique() -> u64 {
    RandomState::new().build_hasher().finish()
}
