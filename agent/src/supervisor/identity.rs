//! How a replica is recognised: by its record, and by a marker in its environment.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use disk::Digest;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::procfs;

/// The environment variable that names the replica a process belongs to.
pub const MARKER: &str = "DEVOPSFLOW_REPLICA";

/// What is written to the journal about a replica, and what it is adopted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process number of the program that was started; also the number of its process group.
    pub pid: i32,
    /// Clock ticks from boot to its start (`/proc/PID/stat`, field 22).
    pub start_time: u64,
    /// The boot it runs in (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: String,
    /// What it runs (`/proc/PID/exe`): of a script, its interpreter.
    pub executable: PathBuf,
    /// The SHA-256 of the file that was started.
    pub sha256: Digest,
    /// The port it was given.
    pub port: u16,
    /// Which of the replicas of its revision it is.
    pub index: u32,
}

impl Identity {
    /// `None` when what was read back is no process number; `from_raw` itself must not be given a negative one.
    pub(super) fn pid(&self) -> Option<Pid> {
        (self.pid > 0).then(|| Pid::from_raw(self.pid)).flatten()
    }
}

/// `STATE_ID/SERVICE/REVISION/INDEX/PORT`; no two living replicas have the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    /// The state directory of the agent that started it.
    pub state_id: String,
    /// The service.
    pub service: String,
    /// The revision.
    pub revision: String,
    /// Which of its replicas.
    pub index: u32,
    /// The port it was given: a replica that is being retired and its successor differ in it.
    pub port: u16,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state_id, service, revision, index, port } = self;
        write!(f, "{state_id}/{service}/{revision}/{index}/{port}")
    }
}

/// A text that is not a marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a marker: expected STATE_ID/SERVICE/REVISION/INDEX/PORT")]
pub struct InvalidMarker {
    /// The text as given.
    pub text: String,
}

impl FromStr for Marker {
    type Err = InvalidMarker;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split('/');
            let mut name = || parts.next().filter(|part| super::is_name(part)).map(str::to_owned);
            let (state_id, service, revision) = (name()?, name()?, name()?);
            let (index, port) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            parts.next().is_none().then_some(Self { state_id, service, revision, index, port })
        };
        parse().ok_or_else(|| InvalidMarker { text: text.to_owned() })
    }
}

/// A living process that carries a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Its process number.
    pub pid: i32,
    /// The replica it belongs to, as its starter or one of its descendants.
    pub marker: Marker,
}

/// The living processes that were started, directly or not, for the state directory `state_id`.
///
/// Not seen: processes of other users, and programs that write over their own environment.
pub fn find_marked(state_id: &str) -> io::Result<Vec<Marked>> {
    let own = rustix::process::getpid();
    let marked = |pid: Pid| {
        let marker: Marker = procfs::marker(pid)?.parse().ok()?;
        let is_ours = pid != own && marker.state_id == state_id && !procfs::Stat::of(pid).ok()?.is_dead();
        is_ours.then_some(Marked { pid: pid.as_raw_pid(), marker })
    };
    Ok(procfs::processes()?.filter_map(marked).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_come_back() {
        let text = "s1/api/sha256:ab/3/61001";
        let marker: Marker = text.parse().unwrap();
        assert_eq!((marker.index, marker.port), (3, 61001));
        assert_eq!(marker.to_string(), text);
        for bad in ["", "s/a/r/1", "s/a/r/1/2/3", "s/a/r/x/2", "/a/r/1/2", "s/a/r/1/70000"] {
            assert!(bad.parse::<Marker>().is_err(), "{bad}");
        }
    }
}
