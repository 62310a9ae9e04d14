//! Streams, files, exit codes and completions.

use std::fs;
use std::process::{Command, Stdio};

use rollout::wire::{Answer, Status};
use serde_json::Value;

use crate::fake::{Fake, Say, finish, program, run};
use crate::samples;

fn agent(dir: &std::path::Path) -> Fake {
    let many: Vec<Status> = (0..500).map(|number| samples::healthy(&format!("service-{number}"))).collect();
    Fake::start(dir, move |_| vec![Say::Answer(Answer::List(many.clone()))])
}

#[test]
fn data_goes_into_the_file_that_is_named_and_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path());
    fs::write(dir.path().join("list.json"), "old").unwrap();
    let ran = run(dir.path(), &["rollout", "list", "--json", "-o", "list.json"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let list: Vec<Status> = serde_json::from_slice(&fs::read(dir.path().join("list.json")).unwrap()).unwrap();
    assert_eq!(list.len(), 500);
    let ran = run(dir.path(), &["rollout", "list", "--output", "/dev/stdout"]).expect(0);
    assert_eq!(ran.stdout.lines().count(), 501);
}

#[test]
fn a_file_stays_as_it_is_when_the_command_fails() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("list.json"), "old").unwrap();
    for args in [["rollout", "list"].as_slice(), &["rollout", "watch"], &["agent", "logs", "api"]] {
        let _ = run(dir.path(), &[args, &["-o", "list.json"]].concat()).expect(1);
        assert_eq!(fs::read_to_string(dir.path().join("list.json")).unwrap(), "old");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = program(dir.path(), &["rollout", "list"]);
    command.stdout(full);
    let ran = finish(command).expect(1);
    assert!(ran.stderr.starts_with("error: cannot write stdout\n  because: "), "{ran:?}");
    let ran = run(dir.path(), &["rollout", "list", "-o", "/dev/full"]).expect(1);
    assert!(ran.stderr.starts_with("error: cannot write the output\n"), "{ran:?}");
    let ran = run(dir.path(), &["rollout", "list", "-o", "."]).expect(1);
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_command_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program(dir.path(), &["rollout", "list"]);
    command.stdout(writer);
    let ran = finish(command).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn there_are_no_colours_off_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path());
    let mut command = program(dir.path(), &["rollout", "list"]);
    command.env("TERM", "xterm");
    let ran = finish(command).expect(0);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
}

/// `script` of util-linux gives the command a terminal.
#[test]
fn there_are_colours_on_a_terminal_unless_no_color_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let _agent = agent(dir.path());
    for (no_color, coloured) in [("", true), ("1", false)] {
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command"]);
        script.arg(format!("{} rollout list", env!("CARGO_BIN_EXE_devops-flow"))).arg("/dev/null");
        script.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("TERM", "xterm");
        script.env("NO_COLOR", no_color).env("DEVOPSFLOW_STATE_DIR", dir.path());
        script.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("skipped: there is no program `script`");
            return;
        }
        let ran = finish(script).expect(0);
        assert_eq!(ran.stdout.contains("\u{1b}[32mhealthy\u{1b}[0m"), coloured, "{ran:?}");
    }
}

#[test]
fn wrong_usage_is_a_failure_and_help_is_not() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        [].as_slice(),
        &["rollout"],
        &["rollout", "lits"],
        &["rollout", "status"],
        &["rollout", "list", "--nope"],
        &["rollout", "wait", "api", "--timeout", "10"],
        &["rollout", "list", "--state-dir", ""],
        &["completions", "tcsh"],
    ] {
        let ran = run(dir.path(), args).expect(1);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("--help"), "{args:?}: {ran:?}");
    }
    for args in [["--help"].as_slice(), &["--version"], &["rollout", "wait", "--help"]] {
        let ran = run(dir.path(), args).expect(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{args:?}: {ran:?}");
    }
}

#[test]
fn completions_are_scripts_of_their_shell() {
    let dir = tempfile::tempdir().unwrap();
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef devops-flow"), ("fish", "complete -c devops-flow")]
    {
        let ran = run(dir.path(), &["completions", shell]).expect(0);
        assert!(ran.stdout.contains(word) && ran.stdout.contains("rollback"), "{shell}");
        let json: Value = run(dir.path(), &["completions", shell, "--json"]).expect(0).json();
        assert_eq!((json["shell"].as_str(), json["script"].as_str()), (Some(shell), Some(ran.stdout.as_str())));
    }
    let _ = run(dir.path(), &["completions", "bash", "-o", "devops-flow.bash"]).expect(0);
    let mut bash = Command::new("bash");
    bash.args(["-n", "devops-flow.bash"]).current_dir(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(finish(bash).expect(0).stderr, "");
}
