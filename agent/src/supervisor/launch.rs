//! What to start, and why it could not be.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use disk::Digest;

/// How replicas of one revision are started, watched and ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The service: 1 to 128 letters, digits and `._:+-`, as all names here.
    pub service: String,
    /// The revision.
    pub revision: String,
    /// The program and its arguments; `{port}` in an argument becomes the port that is handed out.
    ///
    /// A program with a `/` is relative to `working_dir`, without one it is looked for in the `PATH` that the child gets.
    pub argv: Vec<String>,
    /// Its environment, besides `PATH`, `HOME` and `LANG` of the agent. `PORT`, `HOST` and [`MARKER`](super::MARKER) are set.
    pub env: BTreeMap<String, String>,
    /// The directory it runs in.
    pub working_dir: PathBuf,
    /// The SHA-256 that its executable must have; `None` when it is not recorded yet.
    pub sha256: Option<Digest>,
    /// When it gets traffic.
    pub readiness: Readiness,
    /// How long a kept replica has from SIGTERM to SIGKILL, and what is left behind by one that exits.
    pub stop_timeout: Duration,
    /// Where its output goes.
    pub logs: Logs,
}

/// The log files of a launch: `REVISION-INDEX.log`, and `REVISION-INDEX.log.1` with what was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logs {
    /// The directory, made when it is missing, readable by its owner only.
    pub directory: PathBuf,
    /// The size in bytes at which a log is copied aside and truncated; it may be passed by what is written within a second.
    pub limit: u64,
}

/// When a replica is ready: it holds the listening socket of its port, and the probe passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// What is asked.
    pub probe: Probe,
    /// The time between two probes. Until it is ready for the first time it is asked at least every 100 ms.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many probes in a row must fail before a replica that was ready is not. A lost listening socket counts at once.
    pub failures: u32,
}

impl Default for Readiness {
    /// The port, every second, within a second, three times.
    fn default() -> Self {
        Self { probe: Probe::Port, interval: Duration::from_secs(1), timeout: Duration::from_secs(1), failures: 3 }
    }
}

/// What a replica must do on `127.0.0.1` and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Accept a connection.
    Port,
    /// Answer `GET path` with 200.
    Http {
        /// The path, with its query; starts with `/`.
        path: String,
        /// Whether it speaks HTTP/2 by prior knowledge instead of HTTP/1.1.
        http2: bool,
    },
}

impl Launch {
    pub(super) fn check(&self) -> Result<(), SpawnError> {
        let invalid = |reason| Err(SpawnError::Invalid { reason });
        if !is_name(&self.service) || !is_name(&self.revision) {
            return invalid("service and revision are 1 to 128 letters, digits and ._:+-");
        }
        if self.argv.first().is_none_or(String::is_empty) {
            return invalid("the command names no program");
        }
        let mut texts = self.argv.iter().chain(self.env.keys()).chain(self.env.values());
        if texts.any(|text| text.contains('\0')) {
            return invalid("command and environment must not contain NUL");
        }
        if self.env.keys().any(|name| name.is_empty() || name.contains('=')) {
            return invalid("the name of an environment variable is empty or contains =");
        }
        if let Probe::Http { path, .. } = &self.readiness.probe
            && (!path.starts_with('/') || path.parse::<http::uri::PathAndQuery>().is_err())
        {
            return invalid("the readiness path must be a URL path that starts with /");
        }
        Ok(())
    }
}

/// Whether `text` can be a part of a marker and of a file's name.
pub(crate) fn is_name(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(of_name) && !text.starts_with('.')
}

/// Why a replica was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The launch itself makes no sense.
    #[error("this cannot be started: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such program.
    #[error("{program:?} was not found {place}; install it, or name it by its path")]
    NotFound {
        /// The program as it was given.
        program: String,
        /// Where it was looked for.
        place: String,
    },
    /// The file is there and the system does not run it.
    #[error("{} cannot be executed: {reason}", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file is not the one that was deployed.
    #[error(
        "{} is not the file that was deployed: expected sha256 {expected}, found {found}; put the old file back or deploy the new one as a version of its own",
        path.display()
    )]
    HashDiffers {
        /// The file.
        path: PathBuf,
        /// The digest recorded at deploy.
        expected: Digest,
        /// The digest of the file as it is.
        found: Digest,
    },
    /// The working directory is missing or not a directory.
    #[error("the working directory {} is missing or not a directory", path.display())]
    WorkingDir {
        /// The directory.
        path: PathBuf,
    },
    /// Every port outside the system's ephemeral range is in use, or the range leaves none.
    #[error("no free port outside net.ipv4.ip_local_port_range; end some replicas or narrow that range")]
    NoPort,
    /// The agent or the system has no file descriptor left.
    #[error("too many open files; raise `ulimit -n` of the agent or run fewer replicas")]
    TooManyFiles {
        /// The system's answer.
        source: io::Error,
    },
    /// Any other answer of the system.
    #[error("cannot {operation}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}

impl SpawnError {
    /// Sorts the system's answer to `operation`.
    pub(super) fn io(operation: &'static str, source: io::Error) -> Self {
        let errno = source.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
        match errno {
            Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE) => Self::TooManyFiles { source },
            _ => Self::Io { operation, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_markers_and_files() {
        for good in ["api", "a", "sha256:0af3", "v1.2+b_3-x"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a b", "a\0", "é", &"a".repeat(129)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
