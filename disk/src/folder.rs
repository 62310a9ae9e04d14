//! A folder that artifacts are confined to.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::opened::Opened;
use crate::{Artifact, Artifacts, Difference, Digest, Error, Expect, Fs, RealFs, RelativePath, stage};

/// A directory outside of which nothing is read, written or removed. It need not exist before something is published.
#[derive(Clone, Debug)]
pub struct Folder {
    fs: Arc<dyn Fs>,
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, which is kept as given: relative to the current directory if it is relative.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(RealFs), path)
    }

    /// The folder at `path` of the given file system.
    pub fn on(fs: Arc<dyn Fs>, path: impl Into<PathBuf>) -> Self {
        Self { fs, path: path.into() }
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the artifact is: the folder's path joined with its own.
    pub fn path_of(&self, path: &RelativePath) -> PathBuf {
        self.path.join(path.as_str())
    }

    /// The file at `path`, or `None` when there is nothing. Anything but a regular file is an error.
    pub fn read(&self, path: &RelativePath) -> Result<Option<Artifact>, Error> {
        let (_, name) = path.split();
        self.directory_of(path)?.map_or(Ok(None), |directory| directory.read(name))
    }

    /// Whether `path` holds what is expected; the error is the one that publishing there would give.
    pub fn verify(&self, path: &RelativePath, expect: Expect) -> Result<(), Error> {
        let (_, name) = path.split();
        let directory = self.directory_of(path)?;
        expect.verify(directory.as_ref(), &self.path_of(path), name).map(|_| ())
    }

    /// What publishing `artifacts` would change, in the order of their paths. Empty when all is in place.
    pub fn check<'a>(&self, artifacts: &'a Artifacts) -> Result<Vec<Difference<'a>>, Error> {
        let mut differences = Vec::new();
        for (path, planned) in artifacts {
            let found = self.read(path)?;
            if found.as_ref() != Some(planned) {
                differences.push(Difference { path, planned, found });
            }
        }
        Ok(differences)
    }

    /// Removes the file at `path` if it holds what is expected; one that is already gone is done.
    pub fn remove(&self, path: &RelativePath, expected: Digest) -> Result<(), Error> {
        let Some(directory) = self.directory_of(path)? else { return Ok(()) };
        stage::sweep(&directory);
        let (_, name) = path.split();
        if let Some(found) = directory.read(name)?.map(|artifact| artifact.digest()) {
            let path = self.path_of(path);
            if found != expected {
                return Err(Error::Changed { path, expected, found: Some(found) });
            }
            match directory.handle.remove_file(name.as_ref()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("remove", &path)(error)),
                _ => {}
            }
        }
        // Also when it was gone: a removal that could not be synced is repeated to make it durable.
        directory.sync()
    }

    /// Removes the directories on the way to `path` that are empty, deepest first. The folder itself always stays.
    ///
    /// For use after [`Folder::remove`]. It cannot know who made a directory: an empty one of the user's goes too.
    pub fn prune(&self, path: &RelativePath) -> Result<(), Error> {
        let Some(root) = self.open_root()? else { return Ok(()) };
        let (names, _) = path.split();
        let names: Vec<&str> = names.collect();
        let mut chain = vec![root];
        for name in &names {
            match chain[chain.len() - 1].directory(name)? {
                Some(next) => chain.push(next),
                None => break,
            }
        }
        for (parent, name) in chain.iter().zip(names).rev() {
            match parent.handle.remove_directory(name.as_ref()) {
                Ok(()) => parent.sync()?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => break,
                Err(error) => return Err(Error::io("remove the directory", &parent.path.join(name))(error)),
            }
        }
        Ok(())
    }

    pub(crate) fn create_root(&self) -> Result<Opened, Error> {
        Opened::create_root(&*self.fs, &self.path)
    }

    fn open_root(&self) -> Result<Option<Opened>, Error> {
        Opened::root(&*self.fs, &self.path)
    }

    /// The directory that holds `path`, or `None` when it or one on the way does not exist.
    fn directory_of(&self, path: &RelativePath) -> Result<Option<Opened>, Error> {
        let (names, _) = path.split();
        let Some(mut directory) = self.open_root()? else { return Ok(None) };
        for name in names {
            match directory.directory(name)? {
                Some(next) => directory = next,
                None => return Ok(None),
            }
        }
        Ok(Some(directory))
    }
}
