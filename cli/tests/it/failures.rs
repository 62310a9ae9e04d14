//! What goes wrong on the way to the agent, for every command.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rollout::wire::{Answer, Error, MAX_LINE};

use crate::fake::{DEADLINE, Fake, Running, Say, error, program, run};

/// Every command that asks the agent, but those for which no agent is an answer.
const COMMANDS: [&[&str]; 14] = [
    &["rollout", "list"],
    &["rollout", "status", "api"],
    &["rollout", "status", "api", "--follow"],
    &["rollout", "watch"],
    &["rollout", "wait", "api"],
    &["rollout", "history", "api"],
    &["rollout", "promote", "api"],
    &["rollout", "approve", "api"],
    &["rollout", "pause", "api"],
    &["rollout", "resume", "api"],
    &["rollout", "rollback", "api"],
    &["rollout", "retry", "api"],
    &["rollout", "remove", "api", "--yes"],
    &["agent", "logs", "api"],
];

const OTHERS: [&[&str]; 3] = [&["rollout", "abort", "api"], &["agent", "status"], &["agent", "stop"]];

/// The reference has every command, for a test holds it to that; so nothing is missing in the lists above.
#[test]
fn every_command_of_the_reference_is_tried_here() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli/commands.md");
    let reference = fs::read_to_string(reference).unwrap();
    let tried: Vec<String> = COMMANDS.iter().chain(&OTHERS).map(|args| args[..2].join(" ")).collect();
    let without_agent = ["agent install", "agent run", "completions"];
    for line in reference.lines() {
        let Some(name) = line.strip_prefix("## `devops-flow ").and_then(|rest| rest.strip_suffix('`')) else {
            continue;
        };
        assert!(tried.iter().any(|tried| tried == name) || without_agent.contains(&name), "{name}");
    }
}

/// Every command fails with this on stderr, and with nothing on stdout.
#[track_caller]
fn all_fail(commands: &[&[&str]], script: impl Fn() -> Vec<Say> + Send + Sync + 'static, stderr: &str) {
    let dir = tempfile::tempdir().unwrap();
    let _agent = Fake::start(dir.path(), move |_| script());
    for args in commands {
        let ran = run(dir.path(), args).expect(1);
        assert!(ran.stderr.contains(stderr), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn without_an_agent_every_command_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    for args in COMMANDS.iter().chain(&OTHERS[..1]) {
        let ran = run(dir.path(), args).expect(1);
        let expected = format!(
            "error: no agent listens at {}/agent.sock\nhint: start it with `devops-flow-agent run`",
            dir.path().display()
        );
        assert!(ran.stderr.starts_with(&expected), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn a_socket_that_a_killed_agent_left_is_no_agent() {
    let dir = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(dir.path().join("agent.sock")).unwrap());
    let ran = run(dir.path(), &["rollout", "list"]).expect(1);
    assert!(ran.stderr.starts_with("error: no agent listens at "), "{ran:?}");
}

#[test]
fn a_newer_agent_asks_for_an_update() {
    let newer = || error(Error::Version { agent: 2, client: 1 });
    let all = [&COMMANDS[..], &OTHERS[..]].concat();
    all_fail(&all, newer, "hint: the agent is newer: update devops-flow\n");
}

#[test]
fn a_malformed_answer_is_an_error() {
    let all = [&COMMANDS[..], &OTHERS[..]].concat();
    all_fail(&all, || vec![Say::Raw(b"{\"stat\n".to_vec())], "error: the answer of the agent cannot be read: ");
}

#[test]
fn an_answer_to_something_else_is_an_error() {
    let other = || vec![Say::Answer(Answer::Event(Box::new(crate::samples::events().swap_remove(0))))];
    let all = [&COMMANDS[..], &OTHERS[..]].concat();
    all_fail(&all, other, "an answer to something else: ");
}

#[test]
fn an_answer_that_ends_in_the_middle_is_a_loss() {
    let all = [&COMMANDS[..], &OTHERS[..]].concat();
    all_fail(
        &all,
        || vec![Say::Raw(b"{\"list\":[".to_vec())],
        "was lost after the request was sent: the answer ends in the middle",
    );
    let nothing = "hint: look at what became of it with `devops-flow rollout list`, then ask again\n";
    all_fail(&COMMANDS, Vec::new, nothing);
}

#[test]
fn an_answer_without_end_is_not_read_without_end() {
    all_fail(&COMMANDS[..1], || vec![Say::Raw(vec![b'x'; MAX_LINE + 1])], "the answer ends in the middle");
}

#[test]
fn a_state_directory_that_is_too_long_for_a_socket_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["rollout", "list", "--state-dir", &"x".repeat(108)]).expect(1);
    assert!(ran.stderr.contains("longer than the 107 bytes"), "{ran:?}");
}

#[test]
fn without_a_place_for_the_state_there_is_no_agent() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program(dir.path(), &["rollout", "list"]);
    command.env_remove("HOME").env_remove("DEVOPSFLOW_STATE_DIR");
    let ran = crate::fake::finish(command).expect(1);
    assert!(ran.stderr.starts_with("error: neither `DEVOPSFLOW_STATE_DIR`"), "{ran:?}");
}

/// Needs to be root, to listen as somebody else.
#[test]
fn somebody_elses_agent_is_not_spoken_to() {
    const NOBODY: u32 = 65_534;
    let dir = tempfile::tempdir().unwrap();
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(dir.path(), open).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "failures::listens_as_somebody_else"])
        .env("CLI_TEST_SOCKET", dir.path().join("agent.sock"));
    command.uid(NOBODY).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::piped());
    let Ok(probe) = Command::new("/bin/true").uid(NOBODY).status() else {
        eprintln!("skipped: only root can listen as somebody else");
        return;
    };
    assert!(probe.success());
    let _listener = Running::spawn(&mut command);
    let deadline = Instant::now() + DEADLINE;
    while !dir.path().join("agent.sock").exists() {
        assert!(Instant::now() < deadline, "nobody listens");
        thread::sleep(Duration::from_millis(5));
    }
    for args in &COMMANDS {
        let ran = run(dir.path(), args).expect(1);
        assert!(ran.stderr.contains(&format!("belongs to user {NOBODY}, not to you")), "{args:?}: {ran:?}");
    }
}

/// The other side of the test before; has nothing to do in an ordinary run. Ends with its stdin.
#[test]
fn listens_as_somebody_else() {
    if let Some(socket) = env::var_os("CLI_TEST_SOCKET") {
        let _listener = UnixListener::bind(socket).unwrap();
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    }
}
