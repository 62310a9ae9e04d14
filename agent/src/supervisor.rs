//! The supervisor: starts, adopts, watches and ends the processes of revisions.
//!
//! A replica is one process group: the program that was started and everything it started. Its output goes to a log file and
//! not to a pipe, so it runs on when the agent dies, and an agent that comes back adopts it by its [`Identity`].
//!
//! The order that leaves no process behind whatever is killed: [`Supervisor::spawn`], write the identity to the journal, only
//! then give it traffic. At the next start: [`Supervisor::adopt`] for each identity of the journal, then
//! [`Supervisor::end_strays`] for what was started and never journalled, then start what is missing.
//!
//! Linux only: everything here is read from `/proc` and waited for with a pidfd; nothing waits for "any child".

mod executable;
mod group;
mod identity;
mod keeper;
mod launch;
mod limits;
mod log;
mod ports;
mod probe;
mod procfs;
mod replica;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{env, io, thread};

use std::os::unix::process::CommandExt as _;

use disk::Digest;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

pub use identity::{Identity, InvalidMarker, MARKER, Marked, Marker, find_marked};
pub use keeper::{Event, Keeper, backoff};
pub use launch::{Launch, Logs, Probe, Readiness, SpawnError};
pub use limits::prepare_process;
pub use probe::get;
pub use replica::{Exit, Replica, State};

pub(crate) use launch::is_name;
pub(crate) use log::Log;

use executable::Executable;
use ports::Ports;

/// What every child gets from the agent's own environment; all else is cleared.
const PASSED_ON: [&str; 3] = ["PATH", "HOME", "LANG"];

/// How many milliseconds a new process is waited for to have its environment.
const SETTLE_TRIES: u32 = 100;

/// Starts and adopts replicas. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state_id: String,
    boot_id: String,
    ports: Arc<Ports>,
}

impl Supervisor {
    /// A supervisor for the state directory that is known as `state_id`: 1 to 128 letters, digits and `._:+-`.
    ///
    /// It is in the environment of each replica, so that [`find_marked`] tells the replicas of one agent from another's.
    pub fn new(state_id: &str) -> io::Result<Self> {
        if !is_name(state_id) {
            let message = format!("{state_id:?} cannot name a state directory: use letters, digits and ._:+-");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let shared =
            Shared { state_id: state_id.to_owned(), boot_id: procfs::boot_id()?, ports: Arc::new(Ports::of_system()?) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The SHA-256 of the executable that `launch` would start.
    pub async fn digest(&self, launch: &Launch) -> Result<Digest, SpawnError> {
        let launch = launch.clone();
        blocking(move || {
            launch.check()?;
            Executable::find(&launch)?.digest()
        })
        .await
    }

    /// Starts replica `index` of `launch`; it is [`State::Starting`] when this returns.
    ///
    /// Wait for the result: when this future is dropped earlier, the process may run without anybody holding it, until
    /// [`end_strays`](Self::end_strays). Must be called within a tokio runtime, which then watches the replica.
    pub async fn spawn(&self, launch: &Launch, index: u32) -> Result<Replica, SpawnError> {
        let (this, launch) = (self.clone(), launch.clone());
        blocking(move || this.spawn_blocking(&launch, index)).await
    }

    fn spawn_blocking(&self, launch: &Launch, index: u32) -> Result<Replica, SpawnError> {
        launch.check()?;
        if !launch.working_dir.is_dir() {
            return Err(SpawnError::WorkingDir { path: launch.working_dir.clone() });
        }
        let executable = Executable::find(launch)?;
        let sha256 = executable.digest()?;
        if let Some(expected) = launch.sha256
            && expected != sha256
        {
            return Err(SpawnError::HashDiffers { path: executable.path, expected, found: sha256 });
        }
        let port = self.shared.ports.lease()?;
        let marker = self.marker(launch, index, port.number());
        let log = Log::open(launch, index)?;
        let mut child = command(launch, &executable, &marker)
            .stdin(Stdio::null())
            .stdout(log.for_child()?)
            .stderr(log.for_child()?)
            .spawn()
            .map_err(|error| executable.refused(error))?;
        let pid = Pid::from_child(&child);
        // The child is not waited for yet, so its number cannot be anybody else's.
        let watch = || {
            let pidfd = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
            settle(pid);
            let stat = procfs::Stat::of(pid)?;
            let running = procfs::executable(pid).unwrap_or_else(|_| executable.path.clone());
            let identity = Identity {
                pid: pid.as_raw_pid(),
                start_time: stat.start_time,
                boot_id: self.shared.boot_id.clone(),
                executable: running,
                sha256,
                port: port.number(),
                index,
            };
            Ok((pidfd, identity))
        };
        watch().and_then(|(pidfd, identity)| Replica::watch(launch, identity, marker, pidfd, port, Some(log))).map_err(
            |error: io::Error| {
                let _ = kill_process_group(pid, Signal::KILL);
                let _ = child.wait();
                SpawnError::io("watch the new process", error)
            },
        )
    }

    /// Takes back a replica that an earlier agent started: `None` when it is gone.
    ///
    /// It is the same when boot, process number and start time are, and it still runs the recorded executable or (a script may
    /// have replaced itself with its server since) carries its own marker. It is not restarted and keeps its port. What is left
    /// of a replica that is gone is for [`end_strays`](Self::end_strays). Must be called within a tokio runtime.
    pub fn adopt(&self, identity: Identity, launch: &Launch) -> Option<Replica> {
        launch.check().ok()?;
        let pid = identity.pid()?;
        if identity.boot_id != self.shared.boot_id {
            return None;
        }
        // Opened first: what is compared afterwards is the process that this descriptor stands for, or the comparison fails.
        let pidfd = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
        let stat = procfs::Stat::of(pid).ok()?;
        let marker = self.marker(launch, identity.index, identity.port);
        let same = stat.start_time == identity.start_time
            && stat.group == identity.pid
            && !stat.is_dead()
            && (procfs::executable(pid).is_ok_and(|path| path == identity.executable)
                || procfs::marker(pid).is_some_and(|found| found == marker.to_string()));
        if !same {
            return None;
        }
        let port = self.shared.ports.take_back(identity.port);
        let log = Log::open(launch, identity.index).inspect_err(
            |error| tracing::warn!(%marker, %error, "the log of a running replica is not kept within its limit"),
        );
        match Replica::watch(launch, identity, marker, pidfd, port, log.ok()) {
            Ok(replica) => Some(replica),
            Err(error) => {
                tracing::error!(pid = pid.as_raw_pid(), %error, "a running replica cannot be watched and is given up");
                None
            }
        }
    }

    /// Ends every process that carries this state directory's marker and is not of a replica in `known` (those that were adopted
    /// or spawned), and returns how many were found. They have no traffic, so they are killed at once.
    pub async fn end_strays(&self, known: &[Identity]) -> io::Result<usize> {
        let (state_id, known) = (self.shared.state_id.clone(), known.to_vec());
        tokio::task::spawn_blocking(move || {
            let known = |marked: &Marked| {
                known.iter().any(|known| known.port == marked.marker.port && known.index == marked.marker.index)
            };
            group::end_strays(&state_id, known)
        })
        .await
        .map_err(io::Error::other)?
    }

    fn marker(&self, launch: &Launch, index: u32, port: u16) -> Marker {
        Marker {
            state_id: self.shared.state_id.clone(),
            service: launch.service.clone(),
            revision: launch.revision.clone(),
            index,
            port,
        }
    }
}

fn command(launch: &Launch, executable: &Executable, marker: &Marker) -> Command {
    let port = marker.port.to_string();
    let mut command = Command::new(&executable.path);
    command
        .arg0(&launch.argv[0])
        .args(launch.argv[1..].iter().map(|argument| argument.replace("{port}", &port)))
        .env_clear()
        .envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .envs(&launch.env)
        .env("PORT", port)
        .env("HOST", "127.0.0.1")
        .env(MARKER, marker.to_string())
        .current_dir(&launch.working_dir)
        .process_group(0);
    command
}

/// Waits until a new process can be found by its marker: the kernel lets its parent go on a moment before.
fn settle(pid: Pid) {
    for _ in 0..SETTLE_TRIES {
        // One whose environment may not be read, or that ended, is not waited for any longer.
        if procfs::marker(pid).is_some() || procfs::Stat::of(pid).is_ok_and(|stat| stat.is_dead()) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs what reads files or waits for `exec` off the runtime's own threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpawnError> + Send + 'static,
) -> Result<T, SpawnError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SpawnError::io("start a process", io::Error::other(error))),
    }
}
