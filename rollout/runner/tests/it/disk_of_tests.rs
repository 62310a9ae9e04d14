//! A file system in memory that can be full, or fail to make anything durable.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use disk::testing::Memory;
use disk::{Directory, Existing, File, Fs, Kind, Metadata, Mode};

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) memory: Memory,
    switches: Arc<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    full: AtomicBool,
    /// So many fsyncs from now on fail.
    broken: AtomicU32,
}

impl Disk {
    pub(crate) fn fill(&self, full: bool) {
        self.switches.full.store(full, Ordering::SeqCst);
    }

    pub(crate) fn break_syncs(&self, count: u32) {
        self.switches.broken.store(count, Ordering::SeqCst);
    }

    /// What is left when the power is lost now: only what was synced.
    pub(crate) fn after_crash(&self) -> Self {
        Self { memory: self.memory.after_crash(|_| false), switches: Arc::default() }
    }

    fn directory(&self, inner: Box<dyn Directory>) -> Box<dyn Directory> {
        Box::new(Wrapped { inner, disk: self.clone() })
    }

    fn file(&self, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(Wrapped { inner, disk: self.clone() })
    }

    fn room(&self) -> io::Result<()> {
        if self.switches.full.load(Ordering::SeqCst) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct Wrapped<T> {
    inner: T,
    disk: Disk,
}

impl Fs for Disk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        self.memory.open(path).map(|inner| self.directory(inner))
    }
}

impl Directory for Wrapped<Box<dyn Directory>> {
    fn open_directory(&self, name: &OsStr) -> io::Result<Box<dyn Directory>> {
        self.inner.open_directory(name).map(|inner| self.disk.directory(inner))
    }

    fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        self.inner.create_directory(name)
    }

    fn open_file(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        self.inner.open_file(name).map(|inner| self.disk.file(inner))
    }

    fn open_append(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        self.inner.open_append(name).map(|inner| self.disk.file(inner))
    }

    fn create_file(&self, name: &OsStr, mode: Mode) -> io::Result<Box<dyn File>> {
        self.disk.room()?;
        self.inner.create_file(name, mode).map(|inner| self.disk.file(inner))
    }

    fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        self.inner.kind(name)
    }

    fn rename(&self, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()> {
        self.inner.rename(from, to, existing)
    }

    fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        self.inner.remove_file(name)
    }

    fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        self.inner.remove_directory(name)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        self.inner.names()
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }
}

impl File for Wrapped<Box<dyn File>> {
    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn read(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        self.inner.read(limit)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.room()?;
        self.inner.write(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        let left = &self.disk.switches.broken;
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(io::Error::other("the medium does not answer"));
        }
        self.inner.sync()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.inner.try_lock()
    }
}
