//! The head of a stack in a directory: who may write, and which generation of the journal counts.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use disk::journal;
use disk::{Digest, Directory, Existing, File, Fs, Mode};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The kind of the journals.
pub(super) const KIND: &str = "stack";
const JOURNAL: &str = "stack.journal";
const VERSION: u64 = 1;
const HEAD: &str = "head.json";
const NEW: &str = "head.json.new";
const GATE: &str = "gate.lock";
/// How long another may take for one write before this gives up.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_BYTES: u64 = 64 * 1024;

/// Who may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Whether the journal of that generation exists; not before the first writer, and after a removal.
    pub(super) exists: bool,
    /// Stands for the rest; only what is written has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
}

impl Head {
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("its keys are texts")
    }

    /// It with the digest of the rest.
    fn signed(&self) -> Self {
        let rest = Self { digest: None, ..self.clone() };
        Self { digest: Some(Digest::of(&rest.to_json())), ..rest }
    }

    /// Reads what was written.
    fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let damaged =
            |what: String| format!("it is damaged ({what}); nothing was changed: restore the directory from a backup");
        let head: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if let Some(newer) = head["v"].as_u64().filter(|v| *v > VERSION) {
            return Err(format!(
                "it has version {newer}, and this release reads up to {VERSION}; use the newer release"
            ));
        }
        let head: Self = serde_json::from_value(head).map_err(|error| damaged(error.to_string()))?;
        if head == head.signed() { Ok(head) } else { Err(damaged("it does not have its digest".to_owned())) }
    }
}

impl Default for Head {
    fn default() -> Self {
        Self { v: VERSION, epoch: 0, generation: 1, holder: String::new(), lease_until: 0, exists: false, digest: None }
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
            Err(error) if error.kind() == ErrorKind::NotFound => return self.never_written(directory).map(|()| None),
            Err(error) => return Err(self.error("open", HEAD)(error)),
        };
        Head::from_json(&bytes).map(Some).map_err(|reason| self.unusable(reason))
    }

    fn unusable(&self, reason: String) -> StoreError {
        StoreError::Head { path: self.path.join(HEAD).display().to_string(), reason }
    }

    /// That there is no head is right before the first record only; later, the stack would begin anew beside all there is.
    fn never_written(&self, directory: &dyn Directory) -> Result<(), StoreError> {
        let names = directory.names().map_err(self.error("list", ""))?;
        let later = names.iter().filter_map(generation).any(|generation| generation > 1);
        let first = journal::read(self.fs(), &self.generation(1), KIND)?;
        if later || first.is_some_and(|found| found.snapshot.is_some() || !found.records.is_empty()) {
            let reason = "it is missing, and what it belongs to is there; restore the directory from a backup";
            return Err(self.unusable(reason.to_owned()));
        }
        Ok(())
    }

    /// An error when the journal that the head names is not there: opened, it would begin anew.
    pub(super) fn has_journal(&self, head: &Head) -> Result<(), StoreError> {
        let path = self.generation(head.generation);
        let found = self.fs.open(&path).and_then(|directory| directory.kind(OsStr::new(JOURNAL)));
        match found {
            Err(error) if error.kind() == ErrorKind::NotFound && head.exists => {
                let reason =
                    format!("{} is missing; restore the directory from a backup", path.join(JOURNAL).display());
                Err(self.unusable(reason))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is a stack, as far as can be told.
    pub(super) fn is_there(&self) -> bool {
        match self.read() {
            Ok(head) => head.is_some_and(|head| head.exists),
            Err(_) => true,
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
                let holder = self.read_in(&*directory)?.unwrap_or_default().holder;
                let text = format!("a process hangs in the middle of a write, perhaps {holder}; end it and try again");
                return Err(self.error("lock", GATE)(io::Error::new(ErrorKind::TimedOut, text)));
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
        let bytes = head.signed().to_json();
        match directory.remove_file(new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.home.error("remove", NEW)(error)),
            _ => {}
        }
        let mut file = directory.create_file(new, Mode::Regular).map_err(self.home.error("create", NEW))?;
        file.write(&bytes).and_then(|()| file.sync()).map_err(self.home.error("write", NEW))?;
        directory.rename(new, OsStr::new(HEAD), Existing::Replace).map_err(self.home.error("replace", HEAD))?;
        directory.sync().map_err(self.home.error("sync the directory of", HEAD))
    }

    /// Removes the journals of the generations before, which only writers that were taken over still hold. Housekeeping: what
    /// cannot be removed is in nobody's way.
    pub(super) fn tidy(&self, head: &Head) {
        let names = self.directory.names().unwrap_or_default();
        for generation in names.iter().filter_map(generation).filter(|generation| *generation < head.generation) {
            let _ = self.clear(generation);
        }
    }

    /// Removes the journal of a generation that no head names: before the next one goes there, what a takeover that was
    /// killed left.
    pub(super) fn clear(&self, generation: u64) -> Result<(), StoreError> {
        let path = self.home.generation(generation);
        let cleared = match self.home.fs.open(&path) {
            Ok(left) => left.remove_file(OsStr::new(JOURNAL)),
            Err(error) => Err(error),
        };
        match cleared {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.home.error("clear", "")(error)),
            _ => Ok(()),
        }
    }
}

/// The generation whose directory has this name.
fn generation(name: &OsString) -> Option<u64> {
    name.to_str()?.strip_prefix('g')?.parse().ok()
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
