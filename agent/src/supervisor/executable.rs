//! Which file a command runs, and its digest.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{env, ffi::OsString};

use disk::Digest;
use sha2::{Digest as _, Sha256};

use super::launch::{Launch, SpawnError};

/// The file that is executed, as an absolute path.
#[derive(Debug)]
pub(super) struct Executable {
    pub(super) path: PathBuf,
}

impl Executable {
    /// Looks for the program the way `execvp` does, but in the child's `PATH` and directory.
    pub(super) fn find(launch: &Launch) -> Result<Self, SpawnError> {
        let program = &launch.argv[0];
        if program.contains('/') {
            let path = launch.working_dir.join(program);
            return match path.metadata() {
                Ok(found) if !found.is_file() => Err(not_executable(path, "it is not a file")),
                Ok(found) if found.permissions().mode() & 0o111 == 0 => {
                    Err(not_executable(path, "it has no permission to be executed; try chmod +x"))
                }
                Ok(_) => Self::absolute(path),
                Err(error) if is_absent(&error) => {
                    Err(SpawnError::NotFound { program: program.clone(), place: format!("as {}", path.display()) })
                }
                Err(error) => Err(SpawnError::io("look at the executable", error)),
            };
        }
        let search = launch.env.get("PATH").map(OsString::from).or_else(|| env::var_os("PATH")).unwrap_or_default();
        let mut without_permission = None;
        for directory in env::split_paths(&search) {
            let path = launch.working_dir.join(directory).join(program);
            match path.metadata() {
                Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => return Self::absolute(path),
                Ok(found) if found.is_file() => without_permission = Some(path),
                _ => {}
            }
        }
        match without_permission {
            Some(path) => Err(not_executable(path, "it has no permission to be executed; try chmod +x")),
            None => Err(SpawnError::NotFound {
                program: program.clone(),
                place: format!("in PATH ({})", search.to_string_lossy()),
            }),
        }
    }

    fn absolute(path: PathBuf) -> Result<Self, SpawnError> {
        // Links are kept: many programs (busybox, shims of version managers) go by the name they are called by.
        let path = std::path::absolute(path).map_err(|error| SpawnError::io("resolve the executable", error))?;
        Ok(Self { path })
    }

    /// The digest of the whole file.
    pub(super) fn digest(&self) -> Result<Digest, SpawnError> {
        let read = |path: &Path| -> io::Result<Digest> {
            let mut file = File::open(path)?;
            let mut hasher = Sha256::new();
            let mut buffer = vec![0; 256 * 1024];
            loop {
                match file.read(&mut buffer)? {
                    0 => break,
                    read => hasher.update(&buffer[..read]),
                }
            }
            let hex = hasher.finalize().iter().fold(String::with_capacity(64), |hex, byte| format!("{hex}{byte:02x}"));
            hex.parse().map_err(io::Error::other)
        };
        read(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                not_executable(self.path.clone(), "it cannot be read, so its digest cannot be taken")
            }
            _ => SpawnError::io("read the executable", error),
        })
    }

    /// Sorts the answer to `exec`.
    pub(super) fn refused(&self, error: io::Error) -> SpawnError {
        match error.kind() {
            // The file itself was just read.
            io::ErrorKind::NotFound => {
                not_executable(self.path.clone(), "the interpreter that it names (first line or ELF header) is missing")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ExecutableFileBusy => {
                not_executable(self.path.clone(), &error.to_string())
            }
            _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
                not_executable(self.path.clone(), "it is neither a program of this machine nor a script with #!")
            }
            _ => SpawnError::io("start a process", error),
        }
    }
}

fn not_executable(path: PathBuf, reason: &str) -> SpawnError {
    SpawnError::NotExecutable { path, reason: reason.to_owned() }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
