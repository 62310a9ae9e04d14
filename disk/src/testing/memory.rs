//! A file system in memory that knows what a crash would lose.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tree::{Id, Node, ROOT, Tree, Unsynced};
use crate::Mode;
use crate::fs::{Directory, Existing, File, Fs, Kind, Metadata};

/// A file system in memory, shared by its clones. It has no links, devices or permissions, and no `..`.
///
/// A write is durable once its file is synced; a name, once its directory is.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Mutex<Tree>>);

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty file system.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Tree::new())))
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        // A panic in another thread of a test leaves the tree whole: every change is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every file as processes see it, by path.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        self.tree().collect_files(ROOT, PathBuf::new(), &mut files);
        files
    }

    /// Puts a file there, with its directories, as another program would, and syncs it and them.
    ///
    /// # Panics
    ///
    /// When a file stands in the place of a directory or the other way round.
    pub fn put(&self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        let path = path.as_ref();
        let mut tree = self.tree();
        let mut way = vec![ROOT];
        for name in path.parent().into_iter().flat_map(Path::iter) {
            let directory = way[way.len() - 1];
            let next = tree.find(directory, name).or_else(|_| tree.add_directory(directory, name));
            way.push(next.expect("directories lie on the way to the file"));
        }
        let directory = way[way.len() - 1];
        let name = path.file_name().expect("the path ends in a name");
        let id = tree.find(directory, name).or_else(|_| tree.add_file(directory, name, Mode::Regular));
        let id = id.expect("directories lie on the way to the file");
        match tree.node_mut(id) {
            Node::File { live, .. } => *live = content.into(),
            Node::Directory { .. } => panic!("{} is a directory", path.display()),
        }
        way.into_iter().chain([id]).for_each(|id| tree.sync(id));
    }

    /// The file system that a machine finds when it starts again after losing power now.
    ///
    /// Of what is not synced, that survives for which `survives` says so. It is asked for each name given, moved or
    /// taken away, and for each file's content; for a content that it denies once more, whether the first half of what
    /// was written since the sync survives, and if not, whether the second half does, with zeros before it.
    #[must_use]
    pub fn after_crash(&self, mut survives: impl FnMut(Unsynced) -> bool) -> Self {
        Self(Arc::new(Mutex::new(self.tree().after_crash(&mut survives))))
    }
}

impl Fs for Memory {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        let mut id = ROOT;
        for component in path.components() {
            match component {
                Component::Normal(name) => id = self.tree().find(id, name)?,
                Component::RootDir | Component::CurDir => {}
                Component::ParentDir | Component::Prefix(_) => return Err(ErrorKind::Unsupported.into()),
            }
        }
        self.directory(id)
    }
}

impl Memory {
    fn directory(&self, id: Id) -> io::Result<Box<dyn Directory>> {
        self.tree().names(id)?;
        Ok(Box::new(MemoryDirectory { memory: self.clone(), id }))
    }

    fn file(&self, id: Id) -> Box<dyn File> {
        Box::new(MemoryFile { memory: self.clone(), id, read: 0, has_lock: Cell::new(false) })
    }

    fn kind(&self, id: Id) -> Kind {
        match self.tree().node(id) {
            Node::File { .. } => Kind::File,
            Node::Directory { .. } => Kind::Directory,
        }
    }
}

#[derive(Debug)]
struct MemoryDirectory {
    memory: Memory,
    id: Id,
}

impl Directory for MemoryDirectory {
    fn open_directory(&self, name: &OsStr) -> io::Result<Box<dyn Directory>> {
        let id = self.memory.tree().find(self.id, name)?;
        self.memory.directory(id)
    }

    fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        self.memory.tree().add_directory(self.id, name).map(drop)
    }

    fn open_file(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        let id = self.memory.tree().find(self.id, name)?;
        Ok(self.memory.file(id))
    }

    fn open_append(&self, name: &OsStr) -> io::Result<Box<dyn File>> {
        // Every handle here writes at the end.
        self.open_file(name)
    }

    fn create_file(&self, name: &OsStr, mode: Mode) -> io::Result<Box<dyn File>> {
        let id = self.memory.tree().add_file(self.id, name, mode)?;
        Ok(self.memory.file(id))
    }

    fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        let id = self.memory.tree().find(self.id, name)?;
        Ok(self.memory.kind(id))
    }

    fn rename(&self, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()> {
        self.memory.tree().rename(self.id, from, to, existing)
    }

    fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        self.memory.tree().remove_file(self.id, name)
    }

    fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        self.memory.tree().remove_directory(self.id, name)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        Ok(self.memory.tree().names(self.id)?.keys().cloned().collect())
    }

    fn sync(&self) -> io::Result<()> {
        self.memory.tree().sync(self.id);
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryFile {
    memory: Memory,
    id: Id,
    /// How many bytes were read.
    read: usize,
    has_lock: Cell<bool>,
}

impl File for MemoryFile {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(match self.memory.tree().node(self.id) {
            Node::File { mode, live, .. } => Metadata { kind: Kind::File, mode: *mode, len: live.len() as u64 },
            Node::Directory { .. } => Metadata { kind: Kind::Directory, mode: Mode::Executable, len: 0 },
        })
    }

    fn read(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let tree = self.memory.tree();
        let Node::File { live, .. } = tree.node(self.id) else { return Err(ErrorKind::IsADirectory.into()) };
        let rest = live.get(self.read..).unwrap_or_default();
        let bytes = rest[..rest.len().min(usize::try_from(limit).unwrap_or(usize::MAX))].to_vec();
        self.read += bytes.len();
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.memory.tree().node_mut(self.id) {
            Node::File { live, .. } => live.extend_from_slice(bytes),
            Node::Directory { .. } => return Err(ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match self.memory.tree().node_mut(self.id) {
            Node::File { live, .. } => live.resize(usize::try_from(len).map_err(|_| ErrorKind::FileTooLarge)?, 0),
            Node::Directory { .. } => return Err(ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.memory.tree().sync(self.id);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut tree = self.memory.tree();
        if !tree.locked.insert(self.id) {
            return Ok(false);
        }
        self.has_lock.set(true);
        Ok(tree.has_a_name(self.id))
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if self.has_lock.get() {
            self.memory.tree().locked.remove(&self.id);
        }
    }
}
