//! An open directory together with its path, so that every error names where it happened.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::fs::{Directory, Fs, Kind};
use crate::{Artifact, Error, MAX_BYTES};

#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) handle: Box<dyn Directory>,
    pub(crate) path: PathBuf,
}

impl Opened {
    /// The folder itself, or `None` when there is nothing at its path.
    pub(crate) fn root(fs: &dyn Fs, path: &Path) -> Result<Option<Self>, Error> {
        match fs.open(path) {
            Ok(handle) => Ok(Some(Self { handle, path: path.to_owned() })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                Err(Error::NotADirectory { path: path.to_owned() })
            }
            Err(error) => Err(Error::io("open", path)(error)),
        }
    }

    /// The folder itself, created with its parents where they are missing.
    pub(crate) fn create_root(fs: &dyn Fs, path: &Path) -> Result<Self, Error> {
        if let Some(root) = Self::root(fs, path)? {
            return Ok(root);
        }
        if let Some(parent) = path.parent() {
            let parent = Self::create_root(fs, parent)?;
            if let Some(name) = path.file_name() {
                parent.make(name, path)?;
            }
        }
        // Absent even now: a link to nothing, or somebody is removing directories beside us.
        fs.open(path).map(|handle| Self { handle, path: path.to_owned() }).map_err(Error::io("open", path))
    }

    /// A directory in this one, or `None` when there is nothing of that name.
    pub(crate) fn directory(&self, name: &str) -> Result<Option<Self>, Error> {
        let path = self.path.join(name);
        match self.handle.open_directory(name.as_ref()) {
            Ok(handle) => Ok(Some(Self { handle, path })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => match self.handle.kind(name.as_ref()) {
                Ok(Kind::Link) => Err(Error::Link { path }),
                Ok(Kind::File | Kind::Other) => Err(Error::NotADirectory { path }),
                Ok(Kind::Directory) | Err(_) => Err(Error::io("open", &path)(error)),
            },
        }
    }

    /// A directory in this one, created if missing.
    pub(crate) fn directory_or_create(&self, name: &str) -> Result<Self, Error> {
        if let Some(found) = self.directory(name)? {
            return Ok(found);
        }
        let path = self.path.join(name);
        self.make(name.as_ref(), &path)?;
        self.directory(name)?.ok_or_else(|| Error::io("open", &path)(ErrorKind::NotFound.into()))
    }

    /// Creates a directory durably; one that somebody else created meanwhile will do.
    fn make(&self, name: &OsStr, path: &Path) -> Result<(), Error> {
        match self.handle.create_directory(name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(Error::io("create the directory", path)(error))
            }
            _ => self.sync(),
        }
    }

    /// Whether there is a regular file of that name; something else is an error.
    pub(crate) fn has_file(&self, name: &str) -> Result<bool, Error> {
        match self.handle.kind(name.as_ref()) {
            Ok(Kind::File) => Ok(true),
            Ok(Kind::Link) => Err(Error::Link { path: self.path.join(name) }),
            Ok(Kind::Directory | Kind::Other) => Err(Error::NotAFile { path: self.path.join(name) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("look at", &self.path.join(name))(error)),
        }
    }

    /// The regular file of that name, whole; something else is an error.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Artifact>, Error> {
        if !self.has_file(name)? {
            return Ok(None);
        }
        let path = self.path.join(name);
        let fail = || Error::io("read", &path);
        let mut file = match self.handle.open_file(name.as_ref()) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail()(error)),
        };
        // Asked of the open file, for the name may have changed hands since.
        let metadata = file.metadata().map_err(fail())?;
        if metadata.kind != Kind::File {
            return Err(Error::NotAFile { path });
        }
        let bytes = file.read(MAX_BYTES + 1).map_err(fail())?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::TooLarge { path });
        }
        Ok(Some(Artifact { bytes, mode: metadata.mode }))
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.handle.sync().map_err(Error::io("sync the directory", &self.path))
    }
}
