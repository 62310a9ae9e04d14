//! The head of a stack in a directory: who may write, and which generation of the journal counts.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use disk::{Directory, Existing, File, Fs, Mode};
use serde::{Deserialize, Serialize};

use super::StoreError;

const VERSION: u64 = 1;
const HEAD: &str = "head.json";
const NEW: &str = "head.json.new";
const GATE: &str = "gate.lock";
/// How long another may take for one write before this gives up.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_BYTES: u64 = 64 * 1024;

/// Who may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    v: u64,
    /// The number of the latest writer.
    pub(super) epoch: u64,
    /// Which journal counts.
    pub(super) generation: u64,
    /// The latest writer.
    pub(super) holder: String,
    /// When its lease ends, in milliseconds since 1970.
    pub(super) lease_until: u64,
}

impl Default for Head {
    fn default() -> Self {
        Self { v: VERSION, epoch: 0, generation: 1, holder: String::new(), lease_until: 0 }
    }
}

/// The directory of a stack.
#[derive(Debug, Clone)]
pub(super) struct Home {
    fs: Arc<dyn Fs>,
    path: PathBuf,
}

/// Held while the head or the journal is changed.
pub(super) struct Gate {
    directory: Box<dyn Directory>,
    home: Home,
    _lock: Box<dyn File>,
}

impl Home {
    pub(super) fn new(fs: Arc<dyn Fs>, path: PathBuf) -> Self {
        Self { fs, path }
    }

    pub(super) fn fs(&self) -> &dyn Fs {
        &*self.fs
    }

    /// Where the journal of a generation is.
    pub(super) fn generation(&self, generation: u64) -> PathBuf {
        self.path.join(format!("g{generation}"))
    }

    fn error(&self, doing: &'static str, name: &str) -> impl FnOnce(io::Error) -> StoreError {
        let path = self.path.join(name).display().to_string();
        move |source| StoreError::File { doing, path, source: Arc::new(source) }
    }

    /// The head, if the stack has ever been written.
    pub(super) fn read(&self) -> Result<Option<Head>, StoreError> {
        match self.fs.open(&self.path) {
            Ok(directory) => self.read_in(&*directory),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error("open", "")(error)),
        }
    }

    fn read_in(&self, directory: &dyn Directory) -> Result<Option<Head>, StoreError> {
        let bytes = match directory.open_file(OsStr::new(HEAD)) {
            Ok(mut file) => file.read(MAX_BYTES).map_err(self.error("read", HEAD))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error("open", HEAD)(error)),
        };
        let invalid = |reason: String| StoreError::Head { path: self.path.join(HEAD).display().to_string(), reason };
        let head: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|error| invalid(format!("{error}; restore the directory from a backup")))?;
        match head["v"].as_u64() {
            Some(newer) if newer > VERSION => Err(invalid(format!(
                "it has version {newer}, and this release reads up to {VERSION}; use the newer release"
            ))),
            _ => serde_json::from_value(head)
                .map(Some)
                .map_err(|error| invalid(format!("{error}; restore the directory from a backup"))),
        }
    }

    /// Waits for the gate. Makes the directory where it is missing.
    pub(super) fn gate(&self) -> Result<Gate, StoreError> {
        let directory = ensure(&*self.fs, &self.path).map_err(self.error("create", ""))?;
        let name = OsStr::new(GATE);
        let given_up = Instant::now() + PATIENCE;
        let lock = loop {
            let file = match directory.open_append(name) {
                Err(error) if error.kind() == ErrorKind::NotFound => directory.create_file(name, Mode::Regular),
                opened => opened,
            };
            let lock = match file {
                Ok(lock) => lock,
                // Another made it in between.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(self.error("open", GATE)(error)),
            };
            if lock.try_lock().map_err(self.error("lock", GATE))? {
                break lock;
            }
            if Instant::now() > given_up {
                let source = io::Error::new(ErrorKind::TimedOut, "another process holds it in the middle of a write");
                return Err(self.error("lock", GATE)(source));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        Ok(Gate { directory, home: self.clone(), _lock: lock })
    }
}

impl Gate {
    /// The head, or that of a stack which was never written.
    pub(super) fn head(&self) -> Result<Head, StoreError> {
        Ok(self.home.read_in(&*self.directory)?.unwrap_or_default())
    }

    /// Replaces the head, durably.
    pub(super) fn set(&self, head: &Head) -> Result<(), StoreError> {
        let (directory, new) = (&self.directory, OsStr::new(NEW));
        let bytes = serde_json::to_vec(head).expect("its keys are texts");
        match directory.remove_file(new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.home.error("remove", NEW)(error)),
            _ => {}
        }
        let mut file = directory.create_file(new, Mode::Regular).map_err(self.home.error("create", NEW))?;
        file.write(&bytes).and_then(|()| file.sync()).map_err(self.home.error("write", NEW))?;
        directory.rename(new, OsStr::new(HEAD), Existing::Replace).map_err(self.home.error("replace", HEAD))?;
        directory.sync().map_err(self.home.error("sync the directory of", HEAD))
    }

    /// Removes what a takeover that was killed left where the next generation goes.
    pub(super) fn clear(&self, generation: u64) -> Result<(), StoreError> {
        let path = self.home.generation(generation);
        let cleared = match self.home.fs.open(&path) {
            Ok(left) => left.remove_file(OsStr::new("stack.journal")),
            Err(error) => Err(error),
        };
        match cleared {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.home.error("clear", "")(error)),
            _ => Ok(()),
        }
    }
}

/// Opens a directory, making it and those above it durably where they are missing.
fn ensure(fs: &dyn Fs, path: &Path) -> io::Result<Box<dyn Directory>> {
    match fs.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (Some(name), above) = (path.file_name(), path.parent().unwrap_or(Path::new(""))) else {
                return Err(error);
            };
            let above = ensure(fs, above)?;
            match above.create_directory(name) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            above.sync()?;
            above.open_directory(name)
        }
        opened => opened,
    }
}
