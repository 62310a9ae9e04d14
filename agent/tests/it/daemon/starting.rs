//! Started on demand, by whom, and what becomes of what the starter had.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use agent_client::{Client, Error, SOCKET};
use rollout::wire::{Agent, Answer, VERSION};
use rollout_runner::Store;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::rig::{BINARY, DEADLINE, Rig, agents_of};

/// Says who the agent of a directory is, in the last line, after it was started if need be. Run as a child: its environment is what
/// the agent is found through.
#[tokio::test]
#[ignore = "a part of the tests below"]
async fn starter() {
    let directory = std::env::var_os("DIRECTORY").expect("only run as a child");
    match Client::at(directory).ensure().await {
        Ok(agent) => println!("\nagent {}", serde_json::to_string(&agent).unwrap()),
        Err(error) => println!("\nerror {}", error.to_string().replace('\n', " ")),
    }
}

/// A program that ensures the agent, under a shell that leaves one more descriptor of its output open.
fn starting(directory: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" 9>&1"]).arg(std::env::current_exe().unwrap());
    command.args(["daemon::starting::starter", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("DIRECTORY", directory).env("DEVOPSFLOW_AGENT", BINARY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the starters said once their output has ended.
async fn said(mut command: Command) -> Result<Agent, String> {
    let mut child = command.spawn().unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (mut text, mut rest) = (String::new(), String::new());
        out.read_to_string(&mut text).unwrap();
        err.read_to_string(&mut rest).unwrap();
        child.wait().unwrap();
        text
    });
    let text = tokio::time::timeout(DEADLINE, output).await.expect("the output ends although the agent lives").unwrap();
    let line = text.lines().find(|line| line.starts_with("agent ") || line.starts_with("error ")).expect(&text);
    line.strip_prefix("agent ").map(|agent| serde_json::from_str(agent).unwrap()).ok_or_else(|| line.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_start_it_at_once_get_one_agent_that_has_nothing_of_theirs() {
    let rig = Rig::new();
    let start = || {
        let mut command = starting(rig.path());
        command.env("CI", "true").env("RUNNER_TRACKING_ID", "github_1").env("BUILD_ID", "7").env("SECRET", "s3cret");
        said(command)
    };
    let (a, b, c) = tokio::join!(start(), start(), start());
    let agent = a.unwrap();
    assert_eq!(agent.pid, b.unwrap().pid);
    assert_eq!(agent.pid, c.unwrap().pid);
    assert_eq!(agents_of(rig.path()), [i32::try_from(agent.pid).unwrap()], "the others have ended");
    assert_eq!(agent.build_server.as_deref(), Some("CI"), "whoever starts it on a build server is warned");

    let process = Path::new("/proc").join(agent.pid.to_string());
    let environment = fs::read_to_string(process.join("environ")).unwrap();
    let mut names: Vec<_> = environment.split_terminator('\0').map(|entry| entry.split('=').next().unwrap()).collect();
    names.retain(|name| !["PATH", "HOME", "LANG", "XDG_RUNTIME_DIR"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["DEVOPSFLOW_BUILD_SERVER", "DEVOPSFLOW_STATE_DIR"]);
    assert_eq!(fs::read_link(process.join("cwd")).unwrap(), Path::new("/"));
    let fields = fs::read_to_string(process.join("stat")).unwrap();
    let session = fields.rsplit_once(')').unwrap().1.split_whitespace().nth(3).unwrap();
    assert_eq!(session, agent.pid.to_string(), "a session of its own");
    assert!(fs::read_to_string(process.join("status")).unwrap().contains("\nUmask:\t0077\n"));
    let log = rig.path().join("agent.log");
    for stream in ["1", "2"] {
        assert_eq!(fs::read_link(process.join("fd").join(stream)).unwrap(), log);
    }
    for (path, mode) in [(SOCKET, 0o600), ("agent.log", 0o600), ("agent-id", 0o600), ("", 0o700)] {
        let found = rig.path().join(path).metadata().unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
    // It is there for whoever comes later, and ends when it is told to.
    assert_eq!(said(starting(rig.path())).await.unwrap().pid, agent.pid);
    rig.client.stop(false).await.unwrap();
    let deadline = std::time::Instant::now() + DEADLINE;
    while process.exists() && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(agents_of(rig.path()).is_empty());
    assert!(!rig.path().join(SOCKET).exists());
    assert!(matches!(rig.client.hello().await, Err(Error::NotRunning { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_leaves_the_directory_to_the_first() {
    let rig = Rig::started().await;
    let second = rig.command(&["run"]).status().unwrap();
    assert_eq!(second.code(), Some(i32::from(agent_client::TAKEN)));
    assert!(rig.log().contains("another agent has the state directory"), "{}", rig.log());
    assert!(rig.client.hello().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_used_is_named() {
    let rig = Rig::new();
    let long = rig.path().join("x".repeat(120));
    let client = Client::at(&long);
    assert!(matches!(client.hello().await, Err(Error::LongPath { .. })));
    let error = said(starting(&long)).await.unwrap_err();
    assert!(error.contains("longer than the 107 bytes"), "{error}");
    assert!(!long.exists(), "nothing is made where nothing can be");

    for damaged in ["", "\n", "a/b", "\0\0\0\0"] {
        fs::write(rig.path().join("agent-id"), damaged).unwrap();
        let error = said(starting(rig.path())).await.unwrap_err();
        assert!(error.contains("agent-id is damaged") && error.contains("restore it"), "{damaged:?}: {error}");
    }
    assert!(agents_of(rig.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_release_is_left_alone() {
    let rig = Rig::new();
    let kind = "rollouts";
    let (journal, _) =
        disk::journal::Journal::open(&disk::RealFs, rig.path(), kind, disk::journal::Options::default()).unwrap();
    journal.sync(journal.append(b"{\"v\":2,\"news\":true}").unwrap()).unwrap();
    drop(journal);
    let before = fs::read(rig.path().join("rollouts.journal")).unwrap();
    let error = said(starting(rig.path())).await.unwrap_err();
    let log = fs::read_to_string(rig.path().join("agent.log")).unwrap();
    assert!(error.contains("did not start"), "{error}");
    assert!(log.contains("record 0 is of version 2, and this program knows version 1"), "{log}");
    assert_eq!(fs::read(rig.path().join("rollouts.journal")).unwrap(), before);
}

/// Answers as an agent of another version would. When it is told to leave, it does.
async fn other(rig: &Rig, interface: u32) {
    let (store, _) = Store::open(rig.path()).unwrap();
    let listener = tokio::net::UnixListener::bind(rig.path().join(SOCKET)).unwrap();
    let mut store = Some(store);
    loop {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let answer = if line.contains("take-over") {
            drop(store.take());
            format!("{{\"services\":[],\"pid\":{}}}", std::process::id())
        } else {
            let agent = Agent {
                interface,
                release: "9.9.9".to_owned(),
                agent_id: "other".to_owned(),
                host: "here".to_owned(),
                pid: std::process::id(),
                started: rollout::Millis(0),
                build_server: None,
            };
            serde_json::to_string(&Answer::Hello(agent)).unwrap() + "\n"
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        if store.is_none() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_agent_is_replaced_and_a_newer_one_is_not() {
    let rig = Rig::new();
    let error = tokio::select! {
        said = said(starting(rig.path())) => said.unwrap_err(),
        () = other(&rig, VERSION + 1) => panic!("a newer agent was told to leave"),
    };
    assert!(error.contains("is of release 9.9.9") && error.contains("update this program"), "{error}");

    fs::remove_file(rig.path().join(SOCKET)).unwrap();
    let old = other(&rig, VERSION - 1);
    let ((), said) = tokio::join!(old, said(starting(rig.path())));
    assert_eq!(said.unwrap().interface, VERSION);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_log_has_a_limit() {
    let rig = Rig::new();
    let path = rig.path().join("agent.log");
    fs::write(&path, "x".repeat(5 << 20)).unwrap();
    said(starting(rig.path())).await.unwrap();
    let deadline = std::time::Instant::now() + DEADLINE;
    while path.metadata().unwrap().len() > 1 << 20 {
        assert!(std::time::Instant::now() < deadline, "it is never cut");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(rig.path().join("agent.log.1").metadata().unwrap().len() > 4 << 20, "what was before is kept once");
}
