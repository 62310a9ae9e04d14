//! The processes of a sandbox, found through `/proc` by a mark in their environment.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(90);

/// The environment variable that says which command of which sandbox a process belongs to.
pub(crate) const MARK: &str = "ACCEPTANCE_RUN";

/// A process that a sandbox started, or one of its descendants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: Pid,
    program: PathBuf,
}

impl Process {
    /// All processes in whose environment [`MARK`] begins with `mark`.
    pub(crate) fn marked(mark: &str) -> Vec<Self> {
        let entry = format!("{MARK}={mark}");
        Self::with(|found| found.starts_with(entry.as_bytes()))
    }

    /// All processes with such an entry in their environment.
    pub(crate) fn with(is_it: impl Fn(&[u8]) -> bool) -> Vec<Self> {
        let folders = fs::read_dir("/proc").expect("/proc is mounted").flatten();
        let pids = folders.filter_map(|folder| Pid::from_raw(folder.file_name().to_str()?.parse().ok()?));
        let ours = pids.filter_map(|pid| {
            let folder = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
            // A process that ended meanwhile, or that waits for its parent to ask, has neither.
            let environment = fs::read(folder.join("environ")).ok()?;
            let program = fs::read_link(folder.join("exe")).ok()?;
            environment.split(|byte| *byte == 0).any(&is_it).then_some(Self { pid, program })
        });
        ours.collect()
    }

    /// Whether this is a provider and not terraform or a shell.
    pub fn is_provider(&self) -> bool {
        self.program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("terraform-provider-"))
    }

    /// Whether this is an agent.
    pub fn is_agent(&self) -> bool {
        self.program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("devops-flow-agent"))
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether it ended. One that waits for its parent to ask has ended.
    pub fn is_gone(&self) -> bool {
        fs::read_link(format!("/proc/{}/exe", self.pid.as_raw_nonzero())).is_err()
    }

    /// Sends a signal. A process that is gone already is left in peace.
    pub fn signal(&self, signal: Signal) {
        match kill_process(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => panic!("cannot signal {self:?}: {error}"),
        }
    }
}

/// Asks until there is an answer, and panics when that takes too long.
#[track_caller]
pub fn poll<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    poll_for(ask).unwrap_or_else(|| panic!("waited {} s in vain for {what}", DEADLINE.as_secs()))
}

/// Asks until there is an answer; gives none when that takes too long.
pub(crate) fn poll_for<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    // What comes soon is seen at once, and what takes long is not disturbed by the asking.
    let mut nap = Duration::from_micros(200);
    while start.elapsed() < DEADLINE {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        std::thread::sleep(nap);
        nap = (nap * 5 / 4).min(Duration::from_millis(20));
    }
    None
}
