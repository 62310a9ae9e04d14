//! Finding programs, waiting, values.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use framework::Value;
use framework::provider::Apply;
use tfplugin::client::{Options, Plugin};
use tfplugin::handshake::Handshake;

use crate::double::FILE;

/// What a host sets to say that it is one.
pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// An example of this package, which cargo builds with the tests.
#[track_caller]
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: run `cargo test -p tfplugin`, without --test", path.display());
    path
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "it never came about that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Like [`eventually`], while the runtime goes on.
#[track_caller]
pub(crate) fn eventually_meanwhile(what: &str, holds: impl FnMut() -> bool) {
    tokio::task::block_in_place(|| eventually(what, holds));
}

/// Whether a process with this id runs.
pub(crate) fn runs(pid: u32) -> bool {
    // A process that has ended but was not waited for is a zombie, and its command line is empty.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// The provider `double`, hosted by this process.
pub(crate) async fn double() -> Plugin {
    Plugin::launch(tokio::process::Command::new(example("double")), Options::default()).await.unwrap()
}

/// A command for the provider `double` that says that a host without TLS started it.
pub(crate) fn hosted() -> Command {
    let mut command = Command::new(example("double"));
    command.env(COOKIE.0, COOKIE.1).env("PLUGIN_PROTOCOL_VERSIONS", "5,6");
    command
}

/// A process that does not outlive its test.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line that the process writes.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the process ends, and gives its exit code.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        eventually("the process ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// Starts a plugin and reads its handshake.
pub(crate) fn start(command: &mut Command) -> (Running, Handshake) {
    let mut plugin = Running::start(command);
    let handshake = plugin.line().parse().unwrap();
    (plugin, handshake)
}

/// A `double_file`.
pub(crate) fn file(path: &Path, content: &str, mode: Option<&str>) -> Value {
    Value::map([
        ("path", Value::from(path.to_str().unwrap())),
        ("content", content.into()),
        ("mode", mode.map_or(Value::Null, Value::from)),
        ("length", Value::from(i64::try_from(content.len()).unwrap())),
    ])
}

/// The request that creates a `double_file`.
pub(crate) fn creation(file: &Value) -> Apply {
    Apply {
        type_name: FILE.to_owned(),
        prior: Value::Null,
        planned: file.clone(),
        config: file.clone(),
        private: b"planned".to_vec(),
    }
}
