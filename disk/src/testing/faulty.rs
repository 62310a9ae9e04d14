//! A file system whose nth operation goes wrong.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, mem};

use crate::Mode;
use crate::fs::{Directory, Existing, File, Fs, Kind, Metadata};

/// What happens instead of, or before, an operation.
pub enum Fault {
    /// It fails with this kind of error and without effect, except that of a write the first half is done.
    Fail(ErrorKind),
    /// The process dies: the same, and no later operation has an effect.
    Crash,
    /// Somebody else does something, then it goes on as usual.
    Meddle(Box<dyn FnOnce() + Send>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(kind) => write!(f, "Fail({kind:?})"),
            Self::Crash => f.write_str("Crash"),
            Self::Meddle(_) => f.write_str("Meddle"),
        }
    }
}

/// Hands every operation to another file system, counts them, and makes one go wrong. Clones count together.
#[derive(Clone, Debug)]
pub struct Faulty {
    inner: Arc<dyn Fs>,
    script: Script,
}

impl Faulty {
    /// Without a fault: what it is good for then is the list of operations.
    pub fn new(inner: impl Fs + 'static) -> Self {
        Self { inner: Arc::new(inner), script: Script::default() }
    }

    /// With a fault at the `nth` operation; the first is 1.
    #[must_use]
    pub fn with(self, nth: usize, fault: Fault) -> Self {
        self.script.state().fault = Some((nth, fault));
        self
    }

    /// Every operation asked for so far, in words; the one that went wrong and what came after it too.
    pub fn operations(&self) -> Vec<String> {
        self.script.state().operations.clone()
    }
}

#[derive(Clone, Debug, Default)]
struct Script(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    operations: Vec<String>,
    fault: Option<(usize, Fault)>,
    crashed: bool,
}

/// An operation that does not happen.
struct Prevented {
    error: io::Error,
    /// Whether it is the one at which the fault is, so that a write leaves a part.
    here: bool,
}

impl From<Prevented> for io::Error {
    fn from(prevented: Prevented) -> Self {
        prevented.error
    }
}

impl Script {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, operation: &str, name: &OsStr) -> Result<(), Prevented> {
        let mut state = self.state();
        state.operations.push(format!("{operation} {}", name.display()).trim_end().to_owned());
        if state.crashed {
            return Err(Prevented { error: crashed(), here: false });
        }
        let nth = state.operations.len();
        match state.fault.take_if(|(at, _)| *at == nth).map(|(_, fault)| fault) {
            None => Ok(()),
            Some(Fault::Fail(kind)) => Err(Prevented { error: kind.into(), here: true }),
            Some(Fault::Crash) => {
                state.crashed = true;
                Err(Prevented { error: crashed(), here: true })
            }
            Some(Fault::Meddle(meddle)) => {
                mem::drop(state);
                meddle();
                Ok(())
            }
        }
    }
}

fn crashed() -> io::Error {
    io::Error::other("the process is dead")
}

impl Fs for Faulty {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        self.script.step("open", path.as_os_str())?;
        let inner = self.inner.open(path)?;
        Ok(Box::new(FaultyDirectory { inner, script: self.script.clone() }))
    }
}

#[derive(Debug)]
struct FaultyDirectory {
    inner: Box<dyn Directory>,
    script: Script,
}

impl FaultyDirectory {
    fn file(&self, name: &OsStr, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(FaultyFile { inner, name: name.to_owned(), script: self.script.clone() })
    }
}

impl Directory for FaultyDirectory {
    fn open_directory(&self, name: &OsStr) -> io::Result<Box<dyn Directory>> {
        self.script.step("open directory", name)?;
        let inner = self.inner.open_directory(name)?;
        Ok(Box::new(FaultyDirectory { inner, script: self.script.clone() }))
    }

    fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        self.script.step("create directory", name)?;
        self.inner.create_directory(name)
    }

    fn open_file(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        self.script.step("open file", name)?;
        Ok(self.file(name, self.inner.open_file(name)?))
    }

    fn open_append(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        self.script.step("open to append", name)?;
        Ok(self.file(name, self.inner.open_append(name)?))
    }

    fn create_file(&self, name: &OsStr, mode: Mode) -> io::Result<Box<dyn File>> {
        self.script.step("create file", name)?;
        Ok(self.file(name, self.inner.create_file(name, mode)?))
    }

    fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        self.script.step("kind", name)?;
        self.inner.kind(name)
    }

    fn rename(&self, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()> {
        let both = OsString::from_iter([from, " to ".as_ref(), to]);
        self.script.step("rename", &both)?;
        self.inner.rename(from, to, existing)
    }

    fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        self.script.step("remove file", name)?;
        self.inner.remove_file(name)
    }

    fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        self.script.step("remove directory", name)?;
        self.inner.remove_directory(name)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        self.script.step("names", OsStr::new(""))?;
        self.inner.names()
    }

    fn sync(&self) -> io::Result<()> {
        self.script.step("sync directory", OsStr::new(""))?;
        self.inner.sync()
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn File>,
    name: OsString,
    script: Script,
}

impl File for FaultyFile {
    fn metadata(&self) -> io::Result<Metadata> {
        self.script.step("metadata", &self.name)?;
        self.inner.metadata()
    }

    fn read(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        self.script.step("read", &self.name)?;
        self.inner.read(limit)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.script.step("write", &self.name) {
            Ok(()) => self.inner.write(bytes),
            Err(prevented) => {
                if prevented.here {
                    self.inner.write(&bytes[..bytes.len() / 2])?;
                }
                Err(prevented.into())
            }
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.script.step("set length", &self.name)?;
        self.inner.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.script.step("sync", &self.name)?;
        self.inner.sync()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.script.step("try lock", &self.name)?;
        self.inner.try_lock()
    }
}
