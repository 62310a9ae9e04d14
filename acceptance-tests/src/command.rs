//! One command of terraform or of a program: in the background while a test does things to it, or from start to end.

use std::marker::PhantomData;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::golden;
use crate::processes::MARK;
use crate::{Process, Sandbox, poll, programs};

/// A command that runs.
#[derive(Debug)]
pub struct Running<'a> {
    /// In the environment of terraform and of all that it starts.
    mark: String,
    line: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    /// The sandbox is there until the command ended.
    sandbox: PhantomData<&'a Sandbox>,
}

/// A command that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The command line.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Sandbox {
    /// Starts terraform with these arguments, in a process group of its own as a shell would.
    pub fn spawn(&self, args: &[&str]) -> Running<'_> {
        self.spawn_program(&self.terraform().program, args)
    }

    /// Starts a program in the same way.
    pub(crate) fn spawn_program(&self, program: &Path, args: &[&str]) -> Running<'_> {
        let name = program.file_name().unwrap_or_default().display();
        let line = format!("{name} {}", args.join(" "));
        let number = self.next_number();
        let verb = args.first().unwrap_or(&"help");
        let log = |stream: &str| self.logs().join(format!("{number:02}-{verb}-{stream}"));
        fs::write(log("command"), &line).expect("a writable folder");
        // Files and not pipes: nobody needs to drain them, and a process that survives terraform cannot hold them open.
        let (stdout, stderr) = (log("stdout"), log("stderr"));
        let mark = self.mark(Some(number));
        let mut command = self.command(program);
        command.args(args).env(MARK, &mark).process_group(0).stdin(Stdio::null());
        command.stdout(fs::File::create(&stdout).expect("a free path").into_file());
        command.stderr(fs::File::create(&stderr).expect("a free path").into_file());
        let child = command.spawn().expect("terraform starts");
        Running { mark, line, child, stdout, stderr, sandbox: PhantomData }
    }

    /// Starts the program of the SDK with these arguments.
    pub fn spawn_sdk(&self, args: &[&str]) -> Running<'_> {
        self.spawn_program(&programs::program(), args)
    }

    /// Runs terraform to its end. Whether it succeeds is for the caller to say.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Finished {
        self.spawn(args).finish()
    }
}

impl Running<'_> {
    /// Waits until something holds; fails when the command ends before.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, holds: impl FnMut() -> bool) {
        let held = self.race(what, holds);
        assert!(held, "`{}` ended before {what}: {}", self.line, self.read().1);
    }

    /// Waits until the command printed something; fails when it ends before.
    #[track_caller]
    pub fn wait_until_printed(&mut self, text: &str) {
        let stdout = self.stdout.clone();
        self.wait_until(text, || fs::read_to_string(&stdout).is_ok_and(|printed| printed.contains(text)));
    }

    /// Waits until something holds or the command ended, and says whether it held.
    #[track_caller]
    pub fn race(&mut self, what: &str, mut holds: impl FnMut() -> bool) -> bool {
        poll(what, || {
            let ended = self.child.try_wait().expect("a child of this process").is_some();
            let held = holds();
            (held || ended).then_some(held)
        })
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.read().0
    }

    /// The provider process, once it is there. With several, one of them.
    #[track_caller]
    pub fn provider(&mut self) -> Process {
        let mark = self.mark.clone();
        let mut found = None;
        self.wait_until("a provider process", || {
            found = Process::marked(&mark).into_iter().find(Process::is_provider);
            found.is_some()
        });
        found.expect("it was waited for")
    }

    /// Sends a signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a child of this process");
    }

    /// Interrupts terraform and all it started, as Ctrl-C on a terminal does.
    pub fn interrupt(&self) {
        kill_process_group(self.pid(), Signal::INT).expect("a group of this process");
    }

    /// Waits for the end of the command, and of all that it started.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let status = self.wait();
        poll("what the command started to end", || Process::marked(&self.mark).is_empty().then_some(()));
        let (stdout, stderr) = self.read();
        Finished { line: self.line.clone(), status, stdout, stderr }
    }

    /// Like [`Running::finish`], and fails when that takes longer than `limit`.
    #[track_caller]
    pub fn finish_within(self, limit: Duration) -> Finished {
        let start = Instant::now();
        let finished = self.finish();
        let took = start.elapsed();
        assert!(took <= limit, "`{}` took {took:?} to end, which should take at most {limit:?}", finished.line);
        finished
    }

    /// Waits for the end of the command alone.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let what = format!("the end of `{}`", self.line);
        poll(&what, || self.child.try_wait().expect("a child of this process"))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn read(&self) -> (String, String) {
        let read = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).expect("a readable file")).into_owned();
        (read(&self.stdout), read(&self.stderr))
    }
}

impl Drop for Running<'_> {
    /// A test that failed half-way leaves nothing running.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // The group may have ended between the question and the signal.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
        for process in Process::marked(&self.mark) {
            process.signal(Signal::KILL);
        }
    }
}

impl Finished {
    /// Itself as an error unless the command succeeded.
    pub(crate) fn or_failed(self) -> Result<Self, Self> {
        if self.status.success() { Ok(self) } else { Err(self) }
    }

    /// Fails unless the command succeeded.
    #[track_caller]
    pub fn expect_success(&self) -> &Self {
        self.expect_code(0)
    }

    /// Fails unless the command ended with this exit code.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Self {
        let Self { line, status, stdout, stderr } = self;
        assert!(status.code() == Some(code), "`{line}` ended with {status}, not {code}\n{stdout}\n{stderr}");
        self
    }

    /// The errors as a person reads them, without wrapping and in a stable order; fails when there are none.
    #[track_caller]
    pub fn expect_errors(&self, sandbox: &Sandbox) -> String {
        let Self { line, status, stdout, .. } = self;
        assert!(!status.success(), "`{line}` succeeded, an error was expected\n{stdout}");
        golden::diagnostics("Error", &sandbox.without_places(&self.stderr))
    }

    /// The warnings, in the same form; empty when there are none.
    pub fn warnings(&self, sandbox: &Sandbox) -> String {
        golden::diagnostics("Warning", &sandbox.without_places(&self.stdout))
    }
}
