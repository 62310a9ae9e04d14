//! Preconditions as data.

use std::path::Path;

use crate::fs::Existing;
use crate::opened::Opened;
use crate::{Digest, Error};

/// What a path must hold for its artifact to be published. A link or anything else that is not a regular file never will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing. A file that appears at the last moment is not replaced, whoever makes it.
    Absent,
    /// Nothing, or a file with this digest. Given the digest of the planned bytes it lets a lost run be repeated.
    AbsentOr(Digest),
    /// A file with this digest.
    Digest(Digest),
    /// Nothing or any file, which is overwritten.
    Anything,
}

impl Expect {
    /// Compares with what `directory` (`None`: it does not exist) holds under `name`; the answer says what the rename may do.
    pub(crate) fn verify(self, directory: Option<&Opened>, path: &Path, name: &str) -> Result<Existing, Error> {
        let path = || path.to_owned();
        let exists = || directory.map_or(Ok(false), |directory| directory.has_file(name));
        let digest = || Ok(directory.map(|directory| directory.read(name)).transpose()?.flatten().map(|a| a.digest()));
        match self {
            Self::Anything => exists().map(|_| Existing::Replace),
            Self::Absent if exists()? => Err(Error::Exists { path: path() }),
            Self::Absent => Ok(Existing::Keep),
            Self::AbsentOr(expected) => match digest()? {
                None => Ok(Existing::Keep),
                Some(found) if found == expected => Ok(Existing::Replace),
                Some(_) => Err(Error::Exists { path: path() }),
            },
            Self::Digest(expected) => match digest()? {
                Some(found) if found == expected => Ok(Existing::Replace),
                found => Err(Error::Changed { path: path(), expected, found }),
            },
        }
    }
}
