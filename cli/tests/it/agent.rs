//! The agent itself: its status, its logs, its end.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollout::wire::{self, Agent, Answer, Error, LogLine, Request};
use serde_json::{Value, json};

use crate::fake::{Fake, Running, Say, error, finish, program, run};
use crate::samples;

#[test]
fn status_of_an_agent_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = Fake::start(dir.path(), |request| {
        vec![Say::Answer(match request {
            Request::Hello => Answer::Hello(samples::agent()),
            Request::List => Answer::List(vec![samples::paused()]),
            other => panic!("{other:?}"),
        })]
    });
    let ran = run(dir.path(), &["agent", "status"]).expect(0);
    assert!(ran.stdout.starts_with("agent      running\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("pid        4242\n") && ran.stdout.contains("services   api paused\n"),
        "{}",
        ran.stdout
    );
    let json: Value = run(dir.path(), &["agent", "status", "--json"]).expect(0).json();
    assert_eq!((&json["running"], &json["state_dir"]), (&json!(true), &json!(dir.path())));
    assert_eq!(serde_json::from_value::<Agent>(json["agent"].clone()).unwrap(), samples::agent());
    assert_eq!(serde_json::from_value::<Vec<wire::Status>>(json["services"].clone()).unwrap(), [samples::paused()]);
}

#[test]
fn status_of_no_agent_is_an_answer_and_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["agent", "status"]).expect(1);
    assert_eq!(ran.stdout, format!("agent  not running\nstate  {}\n", dir.path().display()));
    let json: Value = run(dir.path(), &["agent", "status", "--json"]).expect(1).json();
    assert_eq!(json, json!({ "running": false, "state_dir": dir.path(), "agent": null, "services": [] }));
}

#[test]
fn status_of_a_newer_agent_asks_it_for_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Fake::start(dir.path(), |_| {
        vec![Say::Answer(Answer::Hello(Agent { interface: 2, release: "9.9.9".to_owned(), ..samples::agent() }))]
    });
    let ran = run(dir.path(), &["agent", "status"]).expect(0);
    assert!(ran.stdout.contains("interface  2, newer than this program: update devops-flow\n"), "{}", ran.stdout);
    assert_eq!(agent.requests(), [Request::Hello]);
}

#[test]
fn the_state_directory_is_that_of_the_option() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _agent = Fake::start(other.path(), |_| vec![Say::Answer(Answer::List(Vec::new()))]);
    let path = other.path().to_str().unwrap();
    let _ = run(dir.path(), &["rollout", "list"]).expect(1);
    let _ = run(dir.path(), &["rollout", "list", "--state-dir", path]).expect(0);
    let relative = format!("../{}", other.path().file_name().unwrap().to_str().unwrap());
    let _ = run(dir.path(), &["--state-dir", &relative, "rollout", "list"]).expect(0);
}

fn log_line(line: &str) -> LogLine {
    LogLine { revision: samples::id("2.0"), index: 1, line: line.to_owned() }
}

fn log(line: &str) -> Say {
    Say::Answer(Answer::Log(log_line(line)))
}

#[test]
fn logs_of_replicas_name_revision_and_replica() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Fake::start(dir.path(), |_| vec![log("GET / 200"), log("GET / 500"), Say::Answer(Answer::Done)]);
    let ran = run(dir.path(), &["agent", "logs", "api", "-n", "7"]).expect(0);
    assert_eq!(ran.stdout, "24ea61e14a42/1 GET / 200\n24ea61e14a42/1 GET / 500\n");
    let ran = run(dir.path(), &["agent", "logs", "api", "--revision", "24ea61e14a42", "--json"]).expect(0);
    assert_eq!(ran.json_lines::<LogLine>(), [log_line("GET / 200"), log_line("GET / 500")]);
    let asked = |revision, lines| Request::Logs { service: "api".to_owned(), revision, lines, follow: false };
    assert_eq!(agent.requests(), [asked(None, 7), asked(Some(samples::id("2.0")), 100)]);
}

#[test]
fn logs_that_are_followed_come_until_the_agent_ends() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Fake::start(dir.path(), |_| vec![log("a"), Say::Hold]);
    let logs = Running::spawn(&mut program(dir.path(), &["agent", "logs", "api", "--follow"]));
    assert_eq!(logs.line(), "24ea61e14a42/1 a");
    drop(agent);
    let ran = logs.finish().expect(1);
    assert!(ran.stderr.contains("the agent ended before the log did"), "{ran:?}");
}

#[test]
fn logs_that_are_cut_off_are_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let cut = Fake::start(dir.path(), |_| vec![log("a")]);
    let ran = run(dir.path(), &["agent", "logs", "api"]).expect(1);
    assert_eq!(ran.stdout, "24ea61e14a42/1 a\n");
    drop(cut);
    let _agent = Fake::start(dir.path(), |request| match request {
        Request::List => vec![Say::Answer(Answer::List(Vec::new()))],
        _ => error(Error::NotFound("api".to_owned())),
    });
    let ran = run(dir.path(), &["agent", "logs", "api"]).expect(1);
    assert!(ran.stderr.starts_with("error: the agent has no service \"api\"\n"), "{ran:?}");
}

#[test]
fn the_agents_own_log_is_a_file_that_can_be_followed() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["agent", "logs"]).expect(1);
    assert!(ran.stderr.starts_with("error: cannot read ") && ran.stderr.contains("agent.log\n  because: "), "{ran:?}");

    let path = dir.path().join("agent.log");
    fs::write(&path, "one\ntwo\nthree\n").unwrap();
    assert_eq!(run(dir.path(), &["agent", "logs", "--lines", "2"]).expect(0).stdout, "two\nthree\n");
    let ran = run(dir.path(), &["agent", "logs", "--lines", "1", "--json"]).expect(0);
    assert_eq!(ran.stdout, "{\"line\":\"three\"}\n");

    let logs = Running::spawn(&mut program(dir.path(), &["agent", "logs", "-f", "-n", "1"]));
    assert_eq!(logs.line(), "three");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"four\n").unwrap();
    assert_eq!(logs.line(), "four");
}

#[test]
fn a_revision_needs_a_service() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["agent", "logs", "--revision", "24ea61e14a42"]).expect(1);
    assert!(ran.stderr.contains("required"), "{ran:?}");
}

#[test]
fn stop_waits_until_the_agent_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    for (args, replicas) in [(vec!["agent", "stop"], false), (vec!["agent", "stop", "--replicas", "--json"], true)] {
        let agent = Fake::start(dir.path(), |request| match request {
            Request::Hello => vec![Say::Answer(Answer::Hello(samples::agent()))],
            Request::Stop { .. } => vec![Say::Answer(Answer::Done), Say::End],
            other => panic!("{other:?}"),
        });
        let ran = run(dir.path(), &args).expect(0);
        assert!(ran.stderr.starts_with("ending the agent with pid 4242; "), "{ran:?}");
        if replicas {
            assert_eq!(ran.json::<Value>(), json!({ "stopped": true, "pid": 4242 }));
        } else {
            assert_eq!(ran.stdout, "the agent with pid 4242 ended\n");
        }
        assert_eq!(agent.requests()[1], Request::Stop { replicas });
    }
}

#[test]
fn stop_is_done_when_the_agent_ends_without_an_answer_or_another_took_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let silent = Fake::start(dir.path(), |request| match request {
        Request::Hello => vec![Say::Answer(Answer::Hello(samples::agent()))],
        _ => vec![Say::End],
    });
    let _ = run(dir.path(), &["agent", "stop"]).expect(0);
    drop(silent);
    let hellos = AtomicUsize::new(0);
    let _agent = Fake::start(dir.path(), move |request| match request {
        Request::Hello if hellos.fetch_add(1, Ordering::SeqCst) < 2 => {
            vec![Say::Answer(Answer::Hello(samples::agent()))]
        }
        Request::Hello => vec![Say::Answer(Answer::Hello(Agent { pid: 4343, ..samples::agent() }))],
        _ => vec![Say::Answer(Answer::Done)],
    });
    let _ = run(dir.path(), &["agent", "stop"]).expect(0);
}

#[test]
fn stop_of_no_agent_is_done() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["agent", "stop"]).expect(0).stdout, "no agent runs\n");
    let json: Value = run(dir.path(), &["agent", "stop", "--json"]).expect(0).json();
    assert_eq!(json, json!({ "stopped": false, "pid": null }));
}

#[test]
fn run_becomes_the_agent_of_the_state_directory() {
    let dir = tempfile::tempdir().unwrap();
    let fake = dir.path().join("fake-agent");
    fs::write(&fake, "#!/bin/sh\necho \"$DEVOPSFLOW_STATE_DIR $*\" >&2\nexit 3\n").unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let state = dir.path().join("state");
    let mut command = program(dir.path(), &["agent", "run", "--take-over", "--state-dir", state.to_str().unwrap()]);
    command.env("DEVOPSFLOW_AGENT", &fake);
    let ran = finish(command).expect(3);
    assert_eq!(ran.stderr, format!("{} run --take-over\n", state.display()));

    let mut command = program(dir.path(), &["agent", "run"]);
    command.env("DEVOPSFLOW_AGENT", dir.path().join("nothing"));
    let ran = finish(command).expect(1);
    assert!(ran.stderr.starts_with("error: `DEVOPSFLOW_AGENT` names "), "{ran:?}");
}
