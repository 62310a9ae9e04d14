//! An agent that follows a script, and calls of the program.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rollout::wire::{Answer, Envelope, Request, VERSION};

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A part of what the fake answers to one request.
pub(crate) enum Say {
    Answer(Answer),
    /// These bytes as they are.
    Raw(Vec<u8>),
    /// Nothing, until the client is gone or the fake ends.
    Hold,
    /// The fake ends, and everything with it.
    End,
}

pub(crate) fn error(error: rollout::wire::Error) -> Vec<Say> {
    vec![Say::Answer(Answer::Error(error))]
}

/// What all threads of a fake know.
#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    open: Mutex<Vec<UnixStream>>,
    ended: AtomicBool,
}

/// Listens like an agent of the state directory until it is dropped.
pub(crate) struct Fake {
    shared: Arc<Shared>,
    socket: std::path::PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// `script` gives the answers to a request. As with a killed agent, the socket stays behind.
    pub(crate) fn start(dir: &Path, script: impl Fn(&Request) -> Vec<Say> + Send + Sync + 'static) -> Self {
        let socket = dir.join("agent.sock");
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let shared = Arc::new(Shared::default());
        let (all, script) = (Arc::clone(&shared), Arc::new(script));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if all.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, all, script) = (stream.unwrap(), Arc::clone(&all), Arc::clone(&script));
                all.open.lock().unwrap().push(stream.try_clone().unwrap());
                thread::spawn(move || all.serve(stream, &*script));
            }
        });
        Self { shared, socket, thread: Some(thread) }
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: UnixStream, script: &dyn Fn(&Request) -> Vec<Say>) {
        let mut line = String::new();
        if BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        let envelope: Envelope = serde_json::from_str(&line).unwrap();
        assert_eq!(envelope.version, VERSION);
        self.requests.lock().unwrap().push(envelope.request.clone());
        for say in script(&envelope.request) {
            let written = match say {
                Say::Answer(answer) => stream.write_all((serde_json::to_string(&answer).unwrap() + "\n").as_bytes()),
                Say::Raw(bytes) => stream.write_all(&bytes),
                Say::Hold => stream.read(&mut [0]).map(|_| ()),
                Say::End => {
                    self.end(stream.local_addr().unwrap().as_pathname().unwrap());
                    return;
                }
            };
            if written.is_err() {
                return;
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    }

    fn end(&self, socket: &Path) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the accept, which then ends.
        let _ = UnixStream::connect(socket);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.end(&self.socket);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The program, for the agent of a state directory, in an environment of its own.
pub(crate) fn program(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devops-flow"));
    command.args(args).env_clear().env("HOME", dir).env("DEVOPSFLOW_STATE_DIR", dir).env("PATH", "/usr/bin:/bin");
    command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a call ended.
#[must_use = "a call can fail"]
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The data, each line of JSON a value.
    #[track_caller]
    pub(crate) fn json_lines<T: serde::de::DeserializeOwned>(&self) -> Vec<T> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the program to its end.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Ran {
    finish(program(dir, args))
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Ran {
    Running::spawn(&mut command).finish()
}

/// A program that runs; it ends with the test.
pub(crate) struct Running {
    child: Child,
    stdout: Option<Receiver<String>>,
    stderr: Option<Receiver<String>>,
}

impl Running {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(lines);
        let stderr = child.stderr.take().map(lines);
        Self { child, stdout, stderr }
    }

    /// The next line of data.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.stdout.as_ref().unwrap().recv_timeout(DEADLINE).expect("another line on stdout")
    }

    /// The next line that is not data.
    #[track_caller]
    pub(crate) fn word(&self) -> String {
        self.stderr.as_ref().unwrap().recv_timeout(DEADLINE).expect("another line on stderr")
    }

    /// Waits for its end; a program that does not end fails the test.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Ran {
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let rest = |lines: &Option<Receiver<String>>| lines.iter().flatten().map(|line| line + "\n").collect();
        Ran { code: status.code(), stdout: rest(&self.stdout), stderr: rest(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
