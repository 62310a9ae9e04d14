//! What is published: bytes and a mode under a relative path.

use std::collections::BTreeMap;

use crate::{Digest, RelativePath};

/// The largest file, in bytes, that is read or published: 16 MiB.
///
/// A limit keeps a wrong path (a disk image, a log) from being read into memory whole.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A set of artifacts, in the order of their paths.
pub type Artifacts = BTreeMap<RelativePath, Artifact>;

/// The content of one file and whether it is a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The whole content.
    pub bytes: Vec<u8>,
    /// The permissions it is created with.
    pub mode: Mode,
}

impl Artifact {
    /// A file of text that is not executable.
    pub fn text(text: impl Into<String>) -> Self {
        Self { bytes: text.into().into_bytes(), mode: Mode::Regular }
    }

    /// A script: text that is executable.
    pub fn script(text: impl Into<String>) -> Self {
        Self { bytes: text.into().into_bytes(), mode: Mode::Executable }
    }

    /// The digest of the content; the mode is not part of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// The permissions of a file, as far as a repository keeps them.
///
/// As for every new file, the process's umask takes bits away from those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `0644`.
    Regular,
    /// `0755`.
    Executable,
}
