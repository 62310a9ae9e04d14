//! The files of one resource: read, put in place, moved and removed, so that a failure leaves a state that names exactly
//! the files that exist.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::{Artifact, Artifacts, Digest, Error, Expect, Folder, Fs, RealFs, RelativePath};
use framework::value::normal_form;
use framework::{Diagnostic, Stop};

/// Texts by path relative to a folder, with `/` between names.
pub(crate) type Texts = BTreeMap<String, String>;

/// Files of ours outside the current folder, by path as written: their SHA-256.
pub(crate) type Strays = BTreeMap<String, String>;

/// Files in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The folder, as the user wrote it.
    pub(crate) directory: PathBuf,
    /// What is in it.
    pub(crate) texts: Texts,
}

/// Why a file cannot be had or given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A name that leads out of the folder.
    #[error(transparent)]
    Path(#[from] disk::InvalidPath),
    /// The file system refuses.
    #[error(transparent)]
    Disk(#[from] Error),
    /// The file is not what the state says.
    #[error("{} is not what the state says", .0.display())]
    Changed(PathBuf),
}

/// The text of a file as a state holds it: in normal form C, with what is not UTF-8 replaced.
fn text_of(artifact: &Artifact) -> String {
    normal_form(String::from_utf8_lossy(&artifact.bytes))
}

/// Where files are.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<dyn Fs>);

impl Default for Store {
    fn default() -> Self {
        Self(Arc::new(RealFs))
    }
}

impl Store {
    fn folder(&self, path: &Path) -> Folder {
        Folder::on(Arc::clone(&self.0), path)
    }

    /// The files of `names` that exist in `directory`.
    pub(crate) fn read<'n>(
        &self,
        directory: &Path,
        names: impl IntoIterator<Item = &'n String>,
    ) -> Result<Texts, Problem> {
        let folder = self.folder(directory);
        let mut texts = Texts::new();
        for name in names {
            if let Some(artifact) = folder.read(&RelativePath::new(name.as_str())?)? {
                texts.insert(name.clone(), text_of(&artifact));
            }
        }
        Ok(texts)
    }

    /// The strays that still exist as they were left.
    pub(crate) fn existing(&self, strays: Strays) -> Result<Strays, Problem> {
        let mut found = Strays::new();
        for (path, digest) in strays {
            let (folder, name) = self.split(&path)?;
            if folder.read(&name)?.is_some_and(|artifact| artifact.digest().to_string() == digest) {
                found.insert(path, digest);
            }
        }
        Ok(found)
    }

    /// Removes a stray; one that somebody changed since is not ours any more and stays.
    fn remove_stray(&self, path: &str, digest: &str) -> Result<(), Problem> {
        let (folder, name) = self.split(path)?;
        let Ok(digest) = digest.parse() else { return Ok(()) };
        match folder.remove(&name, digest) {
            Ok(()) | Err(Error::Changed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn split(&self, path: &str) -> Result<(Folder, RelativePath), Problem> {
        let path = Path::new(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok((self.folder(path.parent().unwrap_or(Path::new(""))), RelativePath::new(name.into_owned())?))
    }
}

/// What to bring about.
#[derive(Debug)]
pub(crate) struct Transfer<'a> {
    /// Where the files are.
    pub(crate) store: &'a Store,
    /// The files that are recorded.
    pub(crate) from: Option<Placed>,
    /// The files that are wanted.
    pub(crate) to: Option<Placed>,
    /// Files that an earlier, failed transfer left elsewhere.
    pub(crate) strays: Strays,
    /// Whether files of others may be replaced.
    pub(crate) overwrite: bool,
    /// Ends the transfer before its first change.
    pub(crate) stop: &'a Stop,
}

/// What there is after a transfer that did not get through. When its first change was not made, that is what there was.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// The files that exist.
    pub(crate) placed: Option<Placed>,
    /// Files that exist elsewhere.
    pub(crate) strays: Strays,
    /// What went wrong.
    pub(crate) diagnostic: Diagnostic,
}

/// A file that is recorded and was found as recorded.
struct Owned {
    name: String,
    path: RelativePath,
    digest: Digest,
}

impl Transfer<'_> {
    /// Checks everything, publishes the new files, then removes the old ones and the strays.
    pub(crate) fn run(self) -> Result<(), Box<Stopped>> {
        let unchanged =
            |diagnostic| Box::new(Stopped { placed: self.from.clone(), strays: self.strays.clone(), diagnostic });
        let owned = self.owned().map_err(|problem| unchanged(describe(&problem)))?;
        if self.stop.is_requested() {
            let detail = "The run was interrupted before the first file was touched.";
            return Err(unchanged(Diagnostic::error("Interrupted", detail)));
        }
        self.publish(&owned)?;
        self.clean(&owned)
    }

    /// Whether old and new files share their folder.
    fn in_place(&self) -> bool {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => lexical(&from.directory) == lexical(&to.directory),
            _ => false,
        }
    }

    /// The text that is wanted in the place of a recorded file.
    fn wanted(&self, name: &str) -> Option<&str> {
        let to = self.to.as_ref().filter(|_| self.in_place())?;
        to.texts.get(name).map(String::as_str)
    }

    /// Compares the disk with the state. A file that is already as wanted, or already gone as wanted, is what an apply
    /// left whose answer was lost.
    fn owned(&self) -> Result<Vec<Owned>, Problem> {
        let Some(from) = &self.from else { return Ok(Vec::new()) };
        let folder = self.store.folder(&from.directory);
        let mut owned = Vec::new();
        for (name, text) in &from.texts {
            let path = RelativePath::new(name.as_str())?;
            let wanted = self.wanted(name);
            match folder.read(&path)? {
                None if wanted.is_none() => {}
                Some(found) if text_of(&found) == *text || wanted.is_some_and(|text| text_of(&found) == text) => {
                    owned.push(Owned { name: name.clone(), path, digest: found.digest() });
                }
                _ => return Err(Problem::Changed(folder.path_of(&path))),
            }
        }
        Ok(owned)
    }

    /// Puts the wanted files in place.
    fn publish(&self, owned: &[Owned]) -> Result<(), Box<Stopped>> {
        let Some(to) = &self.to else { return Ok(()) };
        let folder = self.store.folder(&to.directory);
        let before =
            |diagnostic| Box::new(Stopped { placed: self.from.clone(), strays: self.strays.clone(), diagnostic });
        let mut artifacts = Artifacts::new();
        let mut fresh = Vec::new();
        for (name, text) in &to.texts {
            let path = RelativePath::new(name.as_str()).map_err(|error| before(describe(&error.into())))?;
            let found = folder.read(&path).map_err(|error| before(describe(&error.into())))?;
            if found.is_none() {
                fresh.push(path.clone());
            }
            artifacts.insert(path, Artifact::text(text.as_str()));
        }
        let expect = |path: &RelativePath, artifact: &Artifact| self.expected(&folder, owned, path, artifact);
        folder.publish(&artifacts, expect).map_err(|failed| self.withdraw(&folder, &failed, &fresh))
    }

    fn expected(&self, folder: &Folder, owned: &[Owned], path: &RelativePath, artifact: &Artifact) -> Expect {
        let ours = owned.iter().find(|owned| self.in_place() && owned.path == *path);
        let written = folder.path_of(path);
        let stray = self.strays.get(written.to_string_lossy().as_ref()).and_then(|digest| digest.parse().ok());
        match (ours, stray) {
            (Some(owned), _) => Expect::Digest(owned.digest),
            _ if self.overwrite => Expect::Anything,
            (None, Some(stray)) if folder.verify(path, Expect::Digest(stray)).is_ok() => Expect::Digest(stray),
            (None, _) => Expect::AbsentOr(artifact.digest()),
        }
    }

    /// After a set that was published in part: takes back what was new elsewhere, and says what there is.
    fn withdraw(&self, folder: &Folder, failed: &disk::Failed, fresh: &[RelativePath]) -> Box<Stopped> {
        let diagnostic = describe_disk(&failed.source);
        let Some(to) = &self.to else { return Box::new(Stopped { placed: None, strays: Strays::new(), diagnostic }) };
        let mut strays = self.strays.clone();
        let text = |path: &RelativePath| to.texts.get(path.as_str()).cloned().unwrap_or_default();
        if self.from.is_none() || self.in_place() {
            let mut texts = self.from.clone().map(|from| from.texts).unwrap_or_default();
            texts.extend(failed.published.iter().map(|path| (path.as_str().to_owned(), text(path))));
            let placed = Placed { directory: to.directory.clone(), texts };
            let placed = (self.from.is_some() || !placed.texts.is_empty()).then_some(placed);
            return Box::new(Stopped { placed, strays, diagnostic });
        }
        for path in failed.published.iter().filter(|path| fresh.contains(path)) {
            let digest = Digest::of(text(path).as_bytes());
            if folder.remove(path, digest).is_err() {
                strays.insert(folder.path_of(path).to_string_lossy().into_owned(), digest.to_string());
            }
        }
        Box::new(Stopped { placed: self.from.clone(), strays, diagnostic })
    }

    /// Removes the old files that are not wanted any more, and the strays. What cannot be removed is a stray from now on.
    fn clean(&self, owned: &[Owned]) -> Result<(), Box<Stopped>> {
        let mut left = Strays::new();
        let mut failure = None;
        if let Some(from) = &self.from {
            let folder = self.store.folder(&from.directory);
            for owned in owned.iter().filter(|owned| self.wanted(&owned.name).is_none()) {
                if let Err(error) = folder.remove(&owned.path, owned.digest) {
                    let path = folder.path_of(&owned.path).to_string_lossy().into_owned();
                    left.insert(path, owned.digest.to_string());
                    failure.get_or_insert(describe_disk(&error));
                }
            }
        }
        for (path, digest) in &self.strays {
            if let Err(problem) = self.store.remove_stray(path, digest) {
                left.insert(path.clone(), digest.clone());
                failure.get_or_insert(describe(&problem));
            }
        }
        let Some(diagnostic) = failure else { return Ok(()) };
        // Some may be gone all the same, where only making that durable failed.
        let strays = self.store.existing(left.clone()).unwrap_or(left);
        Err(Box::new(Stopped { placed: self.to.clone(), strays, diagnostic }))
    }
}

/// The path without repeated separators and inner dots.
pub(crate) fn lexical(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != std::path::Component::CurDir).collect()
}

/// What to tell the user.
pub(crate) fn describe(problem: &Problem) -> Diagnostic {
    match problem {
        Problem::Disk(error) => describe_disk(error),
        Problem::Path(error) => Diagnostic::error("Not a path within the directory", error.to_string()),
        Problem::Changed(path) => changed(path),
    }
}

fn describe_disk(error: &Error) -> Diagnostic {
    match error {
        Error::Changed { path, .. } => changed(path),
        Error::Exists { path } => Diagnostic::error(
            "The file exists already",
            format!(
                "{} was not written by this resource and holds something else. Import it, set `overwrite = true`, or \
                 choose another `name`.",
                path.display()
            ),
        ),
        error => {
            let mut detail = format!("{error}.");
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                detail = format!("{detail}\n{cause}");
                source = cause.source();
            }
            Diagnostic::error("The file system refuses", detail)
        }
    }
}

fn changed(path: &Path) -> Diagnostic {
    let detail = format!(
        "{} was changed or removed by somebody else, so nothing was written. Plan again to see the change.",
        path.display()
    );
    Diagnostic::error("The file has changed since the plan", detail)
}

#[cfg(test)]
mod tests;
