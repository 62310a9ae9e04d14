//! What the tests share: a launch of the fake service, a world that ends what it started, and polling.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use agent::supervisor::{Launch, Logs, Probe, Readiness, Replica, State, Supervisor, find_marked};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::watch;

/// Long enough for any machine; only waited for in full when a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A state directory of its own. Dropping it kills every process that was started for it, also when the test panics.
pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) state_id: String,
    pub(crate) supervisor: Supervisor,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.');
        let state_id = format!("test-{name}");
        let supervisor = Supervisor::new(&state_id).unwrap();
        Self { directory, state_id, supervisor }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A launch of `argv` whose readiness is its port.
    pub(crate) fn launch(&self, argv: &[&str]) -> Launch {
        launch(self.path(), argv)
    }

    /// A launch of the fake service.
    pub(crate) fn service(&self, flags: &[&str]) -> Launch {
        let service = fake_service();
        self.launch(&[&[service.to_str().unwrap()], flags].concat())
    }

    /// A launch of a shell script in which `$SERVICE` is the fake service.
    pub(crate) fn script(&self, script: &str) -> Launch {
        script_launch(self.path(), script)
    }

    /// The processes of this world that live, in order.
    pub(crate) fn pids(&self) -> Vec<i32> {
        pids(&self.state_id)
    }

    /// Writes an executable file, by another process: a descriptor of ours that is open for writing could be inherited by a
    /// child of a test beside this one, and then the file cannot be executed for a moment.
    pub(crate) fn executable(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        let command = "printf '%s' \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let status = Command::new("sh").arg("-c").arg(command).arg(&path).arg(content).status().unwrap();
        assert!(status.success());
        path
    }

    /// Copies the fake service to `name`.
    pub(crate) fn copy_of_service(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        assert!(Command::new("cp").arg(fake_service()).arg(&path).status().unwrap().success());
        path
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let pids = pids(&self.state_id);
            if pids.is_empty() {
                return;
            }
            for pid in pids.into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub(crate) fn pids(state_id: &str) -> Vec<i32> {
    let mut pids: Vec<i32> = find_marked(state_id).unwrap().into_iter().map(|marked| marked.pid).collect();
    pids.sort_unstable();
    pids
}

pub(crate) fn launch(directory: &Path, argv: &[&str]) -> Launch {
    Launch {
        service: "api".to_owned(),
        revision: "r1".to_owned(),
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        env: BTreeMap::new(),
        working_dir: directory.to_owned(),
        sha256: None,
        readiness: Readiness { interval: Duration::from_millis(50), ..Readiness::default() },
        stop_timeout: Duration::from_secs(10),
        logs: Logs { directory: directory.join("logs"), limit: 1024 * 1024 },
    }
}

pub(crate) fn script_launch(directory: &Path, script: &str) -> Launch {
    let mut launch = launch(directory, &["sh", "-c", script]);
    launch.env.insert("SERVICE".to_owned(), fake_service().to_str().unwrap().to_owned());
    launch
}

pub(crate) fn http(path: &str) -> Probe {
    Probe::Http { path: path.to_owned(), http2: false }
}

/// The example that cargo builds together with the tests.
pub(crate) fn fake_service() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/fake_service");
    assert!(path.exists(), "run `cargo build -p devops-flow-agent --examples` first: {} is missing", path.display());
    path
}

/// Polls until `what` holds.
#[track_caller]
pub(crate) fn until(text: &str, mut what: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !what() {
        assert!(Instant::now() < deadline, "never: {text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for a state.
pub(crate) async fn reaches(replica: &Replica, wanted: State) {
    let mut state: watch::Receiver<State> = replica.state();
    let reached = tokio::time::timeout(DEADLINE, state.wait_for(|state| *state == wanted)).await;
    assert!(matches!(reached, Ok(Ok(_))), "never {wanted:?}; it is {:?}", *replica.state().borrow());
}

/// Waits for `future`, not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("not within the deadline")
}

/// Runs an ignored test of this binary as a process of its own, with `directory` in its environment.
pub(crate) fn child(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env("DIRECTORY", directory);
    command
}

/// The directory that [`child`] was given.
pub(crate) fn child_directory() -> PathBuf {
    std::env::var_os("DIRECTORY").expect("only run as a child").into()
}
