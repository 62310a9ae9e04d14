//! Publishing a set: check all, stage all, then rename one after the other.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::fs::Existing;
use crate::opened::Opened;
use crate::stage::{self, Stage};
use crate::{Artifact, Artifacts, Error, Expect, Failed, Folder, MAX_BYTES, RelativePath};

/// How often a file that appears at the last moment is looked at again.
const ATTEMPTS: usize = 8;

struct Write<'a> {
    path: &'a RelativePath,
    artifact: &'a Artifact,
    expect: Expect,
}

/// The open directories of a set, by their path below the folder.
type Directories<'a> = BTreeMap<&'a str, Opened>;

impl Folder {
    /// Publishes a set: each artifact under its path, if `expect` of it holds.
    ///
    /// The folder, and the directories below it that the set needs, are created where missing; they stay even if
    /// publishing fails. An empty set does nothing. Of a failed set, [`Failed::published`] is in place and the rest untouched.
    pub fn publish(
        &self,
        artifacts: &Artifacts,
        expect: impl Fn(&RelativePath, &Artifact) -> Expect,
    ) -> Result<(), Failed> {
        if artifacts.is_empty() {
            return Ok(());
        }
        self.refuse_impossible(artifacts)?;
        let writes: Vec<Write<'_>> =
            artifacts.iter().map(|(path, artifact)| Write { path, artifact, expect: expect(path, artifact) }).collect();
        for write in &writes {
            self.verify(write.path, write.expect)?;
        }
        let directories = self.open_directories(artifacts)?;
        let staged = stage_all(&directories, &writes)?;
        commit_all(&directories, staged)
    }

    fn refuse_impossible(&self, artifacts: &Artifacts) -> Result<(), Error> {
        for (path, artifact) in artifacts {
            if artifact.bytes.len() as u64 > MAX_BYTES {
                return Err(Error::TooLarge { path: self.path_of(path) });
            }
            if let Some(file) = path.ancestors().find(|ancestor| artifacts.contains_key(*ancestor)) {
                return Err(Error::FileAndDirectory { path: self.path().join(file) });
            }
        }
        Ok(())
    }

    /// Opens, and where needed creates, every directory of the set once, and removes dead stages from it.
    fn open_directories<'a>(&self, artifacts: &'a Artifacts) -> Result<Directories<'a>, Error> {
        let mut directories = Directories::new();
        for path in artifacts.keys() {
            let (parent, _) = path.parent_and_name();
            if directories.contains_key(parent) {
                continue;
            }
            let mut directory = self.create_root()?;
            for name in path.split().0 {
                directory = directory.directory_or_create(name)?;
            }
            stage::sweep(&directory);
            directories.insert(parent, directory);
        }
        Ok(directories)
    }
}

struct Staged<'a> {
    write: &'a Write<'a>,
    stage: Stage<'a>,
    directory: &'a Opened,
}

fn stage_all<'a>(directories: &'a Directories<'a>, writes: &'a [Write<'a>]) -> Result<Vec<Staged<'a>>, Error> {
    let stage_one = |write: &'a Write<'a>| {
        let (parent, name) = write.path.parent_and_name();
        let directory = &directories[parent];
        Stage::write(directory, name, write.artifact).map(|stage| Staged { write, stage, directory })
    };
    writes.iter().map(stage_one).collect()
}

fn commit_all(directories: &Directories<'_>, staged: Vec<Staged<'_>>) -> Result<(), Failed> {
    let mut published = Vec::new();
    let mut stopped = None;
    for next in staged {
        let path = next.write.path;
        match commit(next) {
            Ok(()) => published.push(path.clone()),
            Err(error) => {
                stopped = Some(error);
                break;
            }
        }
    }
    // Also after a failure, so that what is reported as published is durable.
    for directory in directories.values() {
        if let Err(error) = directory.sync() {
            stopped.get_or_insert(error);
        }
    }
    stopped.map_or(Ok(()), |source| Err(Failed { published, source }))
}

fn commit(staged: Staged<'_>) -> Result<(), Error> {
    let Staged { write, mut stage, directory } = staged;
    let (_, name) = write.path.parent_and_name();
    let path: PathBuf = directory.path.join(name);
    for _ in 0..ATTEMPTS {
        let existing = write.expect.verify(Some(directory), &path, name)?;
        match stage.commit(name, existing) {
            Ok(()) => return Ok(()),
            // Somebody was faster: whether their file will do is the precondition's to say.
            Err((back, error)) if existing == Existing::Keep && error.kind() == ErrorKind::AlreadyExists => {
                stage = back;
            }
            Err((_, error)) => return Err(Error::io("publish", &path)(error)),
        }
    }
    Err(Error::Exists { path })
}
