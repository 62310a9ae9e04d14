//! Stages: files in the making, beside their targets.
//!
//! A stage is locked from its creation until it has its final name, so that a lock that can be taken proves its writer
//! dead. The lock and the name are taken in two steps; [`File::try_lock`](crate::File::try_lock) refuses a file without
//! a name, which tells a writer that the sweep came in between.

use std::ffi::OsStr;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};

use crate::fs::{Existing, File, Kind};
use crate::opened::Opened;
use crate::path::MAX_NAME;
use crate::{Artifact, Error};

const MARK: &str = ".devopsflow-";
const RANDOM_DIGITS: usize = 16;
/// How many fresh names are tried; each fails only if a sweep or an equal random number hits the same instant.
const ATTEMPTS: usize = 16;

/// A staged file. Dropped before its commit, it is removed.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    directory: &'a Opened,
    name: String,
    /// Holds the lock.
    file: Box<dyn File>,
    committed: bool,
}

impl<'a> Stage<'a> {
    /// Writes and syncs `artifact` under a name of its own beside `target`.
    pub(crate) fn write(directory: &'a Opened, target: &str, artifact: &Artifact) -> Result<Self, Error> {
        let path = directory.path.join(target);
        let mut stage = Self::create(directory, target, artifact).map_err(Error::io("create a file beside", &path))?;
        stage.file.write(&artifact.bytes).map_err(Error::io("write", &path))?;
        stage.file.sync().map_err(Error::io("sync", &path))?;
        Ok(stage)
    }

    fn create(directory: &'a Opened, target: &str, artifact: &Artifact) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let name = stage_name(target, RandomState::new().build_hasher().finish());
            let file = match directory.handle.create_file(name.as_ref(), artifact.mode) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                created => created?,
            };
            // Where locks are not supported no sweep can take one either, and the stage is as safe.
            let ours = file.try_lock().unwrap_or(true);
            let stage = Self { directory, name, file, committed: false };
            if ours {
                return Ok(stage);
            }
        }
        Err(ErrorKind::ResourceBusy.into())
    }

    /// Gives the file its final name. The directory is still to be synced.
    pub(crate) fn commit(mut self, target: &str, existing: Existing) -> Result<(), (Self, io::Error)> {
        match self.directory.handle.rename(self.name.as_ref(), target.as_ref(), existing) {
            Ok(()) => {
                self.committed = true;
                Ok(())
            }
            Err(error) => Err((self, error)),
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // What cannot be removed now is removed by the next sweep.
            let _ = self.directory.handle.remove_file(self.name.as_ref());
        }
    }
}

/// Removes the stages that dead processes left in `directory`. Housekeeping: what cannot be removed stays.
pub(crate) fn sweep(directory: &Opened) {
    for name in directory.handle.names().unwrap_or_default() {
        if name.to_str().is_some_and(is_stage) {
            let _ = sweep_one(directory, &name);
        }
    }
}

fn sweep_one(directory: &Opened, name: &OsStr) -> io::Result<()> {
    let file = directory.handle.open_file(name)?;
    if file.metadata()?.kind == Kind::File && file.try_lock()? {
        directory.handle.remove_file(name)?;
    }
    Ok(())
}

/// `.TARGET.devopsflow-RANDOM`, with the target cut where the whole would be too long for a file name.
fn stage_name(target: &str, random: u64) -> String {
    let kept = MAX_NAME - 1 - MARK.len() - RANDOM_DIGITS;
    let target = &target[..target.floor_char_boundary(kept)];
    format!(".{target}{MARK}{random:0RANDOM_DIGITS$x}")
}

/// Whether `name` has the form of a stage's name.
pub(crate) fn is_stage(name: &str) -> bool {
    name.strip_prefix('.').and_then(|name| name.rsplit_once(MARK)).is_some_and(|(_, random)| {
        random.len() == RANDOM_DIGITS && random.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_names_are_stages() {
        assert!(is_stage(".ci.yml.devopsflow-0123456789abcdef"));
        for other in ["ci.yml", ".ci.yml.devopsflow-", ".ci.yml.devopsflow-0123456789ABCDEF"] {
            assert!(!is_stage(other), "{other}");
        }
        assert!(!is_stage("ci.yml.devopsflow-0123456789abcdef"));
        assert!(!is_stage(".ci.yml.devopsflow-0123456789abcdef.bak"));
    }

    proptest! {
        #[test]
        fn a_stage_name_fits_and_is_recognised(target in r"\PC{1,255}", random: u64) {
            let name = stage_name(&target, random);
            prop_assert!(name.len() <= MAX_NAME);
            prop_assert!(is_stage(&name));
        }
    }
}
