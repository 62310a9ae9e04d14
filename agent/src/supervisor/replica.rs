//! One running replica: its readiness, its exit, its end.

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::pin;
use std::time::Duration;

use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::group::Group;
use super::identity::{Identity, Marker};
use super::launch::Launch;
use super::log::Log;
use super::ports::Lease;
use super::probe::watch_readiness;

/// How often it is looked whether the rest of a group is gone: there is no event for that.
const GONE_INTERVAL: Duration = Duration::from_millis(20);

/// How long a kill may take before it is sent again, to what was forked meanwhile.
const KILL_INTERVAL: Duration = Duration::from_secs(1);

/// Whether a replica takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not ready yet.
    Starting,
    /// It listens and its probe passes.
    Ready,
    /// It was ready and is not, is being ended, or has exited.
    NotReady,
}

/// How a replica ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Its program returned this code.
    Code(i32),
    /// A signal ended its program.
    Signal(i32),
    /// Only the system knows: it was adopted.
    Unknown,
}

/// A replica that runs or ran.
///
/// Dropping it does not end the process: it is watched until it exits or the runtime ends, and then runs on to be adopted.
#[derive(Debug)]
pub struct Replica {
    identity: Identity,
    state: watch::Receiver<State>,
    exit: watch::Receiver<Option<Exit>>,
    stop: watch::Sender<Option<Duration>>,
}

impl Replica {
    /// Begins to watch a process; it is polled by the current runtime.
    pub(super) fn watch(
        launch: &Launch,
        identity: Identity,
        marker: Marker,
        pidfd: OwnedFd,
        port: Lease,
        log: Option<Log>,
    ) -> io::Result<Self> {
        let pid = identity.pid().ok_or(io::ErrorKind::InvalidInput)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for the sake of descriptors that change; an OwnedFd does not"
        )]
        let pidfd = AsyncFd::with_interest(pidfd, Interest::READABLE)?;
        let (state, state_seen) = watch::channel(State::Starting);
        let (exit, exit_seen) = watch::channel(None);
        let (stop, stop_wanted) = watch::channel(None);
        let life = Life {
            launch: launch.clone(),
            group: Group::new(pid, &identity, &marker),
            pidfd,
            port,
            log,
            state,
            stop: stop_wanted,
        };
        tokio::spawn(async move { exit.send_replace(Some(life.run().await)) });
        Ok(Self { identity, state: state_seen, exit: exit_seen, stop })
    }

    /// What to write to the journal.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The port it was given on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.identity.port
    }

    /// Whether it takes requests, now and as it changes.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Waits until it has exited and none of its processes is left.
    pub async fn exited(&self) -> Exit {
        let mut exit = self.exit.clone();
        // The sender is only gone without a value when the runtime ends.
        exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown)
    }

    /// Ends it: SIGTERM to its group, SIGKILL after `stop_timeout`; returns when all of its processes are gone.
    ///
    /// Its requests should be drained before. Once begun it goes on, also when this future is dropped; the first time given counts.
    pub async fn stop(&self, stop_timeout: Duration) -> Exit {
        self.stop.send_if_modified(|wanted| wanted.is_none() && wanted.replace(stop_timeout).is_none());
        self.exited().await
    }
}

struct Life {
    launch: Launch,
    group: Group,
    pidfd: AsyncFd<OwnedFd>,
    port: Lease,
    log: Option<Log>,
    state: watch::Sender<State>,
    stop: watch::Receiver<Option<Duration>>,
}

impl Life {
    async fn run(mut self) -> Exit {
        let mut log = pin!(keep_log(self.log.as_ref()));
        let stop_timeout = tokio::select! {
            () = leader_exit(&self.pidfd) => self.launch.stop_timeout,
            stop_timeout = stop_wanted(&mut self.stop) => stop_timeout,
            never = watch_readiness(self.group.id(), self.port.number(), &self.launch.readiness, &self.state) => match never {},
            never = &mut log => match never {},
        };
        self.state.send_replace(State::NotReady);
        // Also after an exit by itself: what it leaves behind would hold the port and be nobody's.
        tokio::select! {
            () = end(&self.group, &self.pidfd, stop_timeout) => {}
            never = &mut log => match never {},
        }
        collect(&self.pidfd)
    }
}

async fn keep_log(log: Option<&Log>) -> Infallible {
    match log {
        Some(log) => log.keep_within_limit().await,
        None => std::future::pending().await,
    }
}

async fn leader_exit(pidfd: &AsyncFd<OwnedFd>) {
    // A pidfd is readable once the process has ended. An error would mean that the runtime is ending.
    let _ = pidfd.readable().await;
}

/// Pending for ever when nobody can ask any more.
async fn stop_wanted(stop: &mut watch::Receiver<Option<Duration>>) -> Duration {
    match stop.wait_for(Option::is_some).await.map(|wanted| *wanted) {
        Ok(Some(stop_timeout)) => stop_timeout,
        _ => std::future::pending().await,
    }
}

/// SIGTERM, time, SIGKILL. The leader is not collected before the end, so the group's number stays its own.
async fn end(group: &Group, pidfd: &AsyncFd<OwnedFd>, stop_timeout: Duration) {
    signal(group, Signal::TERM).await;
    let gone = async {
        leader_exit(pidfd).await;
        all_gone(group).await;
    };
    if timeout(stop_timeout, gone).await.is_ok() {
        return;
    }
    for attempt in 0_u32.. {
        if attempt == 10 {
            tracing::warn!(group = group.id().as_raw_pid(), "a killed process does not go away; still waiting");
        }
        signal(group, Signal::KILL).await;
        if timeout(KILL_INTERVAL, all_gone(group)).await.is_ok() {
            return;
        }
    }
}

async fn signal(group: &Group, signal: Signal) {
    let group = group.clone();
    // Only fails when the runtime ends.
    let _ = tokio::task::spawn_blocking(move || group.signal(signal)).await;
}

async fn all_gone(group: &Group) {
    loop {
        let look = group.clone();
        if tokio::task::spawn_blocking(move || look.is_gone()).await.unwrap_or(false) {
            return;
        }
        sleep(GONE_INTERVAL).await;
    }
}

/// Takes the exit status of the leader, which has ended.
fn collect(pidfd: &AsyncFd<OwnedFd>) -> Exit {
    let status = waitid(WaitId::PidFd(pidfd.get_ref().as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    // An error: it is not a child of this process.
    let Ok(Some(status)) = status else { return Exit::Unknown };
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (_, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}
