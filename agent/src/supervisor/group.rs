//! Signals to a replica's processes, all of them, and nobody else's.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};

use super::identity::{Identity, Marked, Marker, find_marked};
use super::procfs::{self, Stat};

/// How long killed strays may take to go away.
const STRAYS_DEADLINE: Duration = Duration::from_secs(10);

/// The processes of one replica: its process group, and those that left the group but carry its marker.
#[derive(Clone, Debug)]
pub(super) struct Group {
    id: Pid,
    leader_start: u64,
    marker: String,
}

impl Group {
    pub(super) fn new(id: Pid, identity: &Identity, marker: &Marker) -> Self {
        Self { id, leader_start: identity.start_time, marker: marker.to_string() }
    }

    /// The number of the process group.
    pub(super) fn id(&self) -> Pid {
        self.id
    }

    /// Sends `signal` to every process of the replica that there is now.
    pub(super) fn signal(&self, signal: Signal) {
        if !self.is_reused() {
            // An error says that nobody is left, or nobody whom this user may signal.
            let _ = kill_process_group(self.id, signal);
        }
        for pid in self.escaped() {
            send(pid, signal, || self.is_marked(pid));
        }
    }

    /// Whether no process of the replica lives.
    pub(super) fn is_gone(&self) -> bool {
        let group_is_gone = self.is_reused() || procfs::group_members(self.id).is_ok_and(|members| members.is_empty());
        group_is_gone && self.escaped().is_empty()
    }

    /// Whether the number of the group belongs to a new process by now. It cannot while a process of the old group lives.
    fn is_reused(&self) -> bool {
        Stat::of(self.id).is_ok_and(|stat| stat.start_time != self.leader_start)
    }

    fn escaped(&self) -> Vec<Pid> {
        let escaped = |pid: &Pid| {
            self.is_marked(*pid)
                && Stat::of(*pid).is_ok_and(|stat| stat.group != self.id.as_raw_pid() && !stat.is_dead())
        };
        procfs::processes().map(|all| all.filter(escaped).collect()).unwrap_or_default()
    }

    fn is_marked(&self, pid: Pid) -> bool {
        procfs::marker(pid).is_some_and(|found| found == self.marker)
    }
}

/// Signals the process `pid`, which `is_it` recognises: asked again once the number can no longer change hands unnoticed.
fn send(pid: Pid, signal: Signal, is_it: impl FnOnce() -> bool) {
    if let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty())
        && is_it()
    {
        let _ = pidfd_send_signal(pidfd, signal);
    }
}

/// Kills what is marked for `state_id` and not `known`, until there is none; returns how many processes there were.
pub(super) fn end_strays(state_id: &str, known: impl Fn(&Marked) -> bool) -> io::Result<usize> {
    let mut ended = BTreeSet::new();
    let deadline = Instant::now() + STRAYS_DEADLINE;
    loop {
        let strays: Vec<Marked> = find_marked(state_id)?.into_iter().filter(|marked| !known(marked)).collect();
        if strays.is_empty() {
            return Ok(ended.len());
        }
        if Instant::now() > deadline {
            let message = format!("killed processes do not go away: {strays:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        for Marked { pid, marker } in &strays {
            let Some(pid) = Pid::from_raw(*pid) else { continue };
            send(pid, Signal::KILL, || {
                let is_it = procfs::marker(pid).is_some_and(|found| found == marker.to_string());
                if is_it && Stat::of(pid).is_ok_and(|stat| stat.group == pid.as_raw_pid()) {
                    // With what it started under an environment of its own.
                    let _ = kill_process_group(pid, Signal::KILL);
                }
                is_it
            });
        }
        ended.extend(strays.iter().map(|stray| stray.pid));
        // A killed process may need a moment, and may have forked just before.
        std::thread::sleep(Duration::from_millis(10));
    }
}
