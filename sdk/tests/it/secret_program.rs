//! Secrets through the command line of a real program.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::program::run;
use crate::programs::build;
use crate::secrets::{SECRET, files, leaks};

const PASSPHRASE: &str = "DEVOPSFLOW_PASSPHRASE";

/// The example, with nothing of the environment of the tests.
fn program(root: &Path, passphrase: Option<&str>, args: &[&str]) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| build("devopsflow", &["--example", "secret"], "secret"));
    let mut command = Command::new(path);
    command.current_dir(root).stdin(Stdio::null()).env_clear();
    command.envs(passphrase.map(|passphrase| (PASSPHRASE, passphrase)));
    command.args(["--config", &format!("root={}", root.display())]).args(args);
    command
}

/// Runs it, and holds what it prints against the secret.
#[track_caller]
fn hidden(command: &mut Command, code: i32) -> (String, String) {
    let (stdout, stderr) = run(command, code);
    assert!(!leaks(stdout.as_bytes()) && !leaks(stderr.as_bytes()), "{stdout}{stderr}");
    (stdout, stderr)
}

/// Sets the secret setting from standard input.
#[track_caller]
fn set(root: &Path, passphrase: Option<&str>, code: i32) -> String {
    let mut command = program(root, passphrase, &["config", "set", "--secret", "token", "-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{SECRET}").unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    stderr
}

fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    std::fs::write(root.path().join("devopsflow.dev.toml"), "# Ours.\nregion = \"north\" # for now\ncount = 3\n")
        .unwrap();
    root
}

#[test]
fn a_secret_from_setting_it_to_destroying_what_used_it() {
    let directory = project();
    let root = directory.path();
    let one = |args: &[&str]| program(root, Some("one"), args);
    let file = || std::fs::read_to_string(root.join("devopsflow.dev.toml")).unwrap();
    let before = file();
    let stderr = set(root, None, 1);
    assert!(stderr.contains(PASSPHRASE) && file() == before, "{stderr}");
    set(root, Some("one"), 0);
    hidden(&mut one(&["config", "set", "region", "south"]), 0);
    assert!(file().starts_with("# Ours.\nregion = \"south\" # for now\ncount = 3\ntoken = "), "{}", file());
    let (stdout, _) = hidden(&mut one(&["config", "list"]), 0);
    assert_eq!(stdout, "count = 3\nregion = south\ntoken = (secret)\n");
    assert_eq!(hidden(&mut one(&["config", "get", "token"]), 0).0, "(secret)\n");
    assert_eq!(run(&mut one(&["config", "get", "--show-secrets", "token"]), 0).0, format!("{SECRET}\n"));

    hidden(&mut one(&["preview", "--save", "plan.json"]), 0);
    let (stdout, _) = hidden(&mut one(&["up", "--yes", "--json", "--plan", "plan.json"]), 0);
    assert!(stdout.contains("(secret)"), "{stdout}");
    assert!(leaks(&std::fs::read(root.join(".github/workflows/ci.yml")).unwrap()), "the pipeline has it");
    hidden(&mut one(&["preview", "--detailed-exitcode", "--refresh"]), 0);
    hidden(&mut one(&["up", "--yes"]), 0);
    let shown: [&[&str]; 2] = [&["state", "show", "devopsflow_pipeline.ci"], &["state", "exports"]];
    for args in shown {
        assert!(hidden(&mut one(args), 0).0.contains("$secret"));
        let (stdout, _) = run(&mut one(&[args, &["--show-secrets"]].concat()), 0);
        assert!(leaks(stdout.as_bytes()), "{stdout}");
    }
    let (_, stderr) = hidden(&mut one(&["--config", "limit=3", "preview"]), 1);
    assert!(stderr.contains("(secret) is too long"), "{stderr}");

    let (_, stderr) = hidden(&mut program(root, Some("two"), &["preview"]), 1);
    assert!(stderr.contains("the passphrase is wrong"), "{stderr}");
    let (_, stderr) = hidden(&mut program(root, None, &["up", "--yes"]), 1);
    assert!(stderr.contains("set DEVOPSFLOW_PASSPHRASE or DEVOPSFLOW_PASSPHRASE_FILE"), "{stderr}");
    hidden(&mut one(&["destroy", "--yes"]), 0);
    hidden(&mut one(&["config", "remove", "token"]), 0);
    assert!(!file().contains("token"));
    let kept = [files(&root.join(".devopsflow")), std::fs::read(root.join("plan.json")).unwrap()].concat();
    assert!(!leaks(&kept));
}

#[test]
fn holders_and_rotation_with_the_settings() {
    let directory = project();
    let root = directory.path();
    let (one, two) =
        (|args: &[&str]| program(root, Some("one"), args), |args: &[&str]| program(root, Some("two"), args));
    set(root, Some("one"), 0);
    hidden(&mut one(&["up", "--yes"]), 0);
    std::fs::write(root.join("second"), "two\n").unwrap();
    hidden(&mut one(&["secrets", "add", "--passphrase-file", "second"]), 0);
    let (stdout, _) = hidden(&mut program(root, None, &["secrets", "holders"]), 0);
    assert_eq!(stdout, "1 passphrase \n2 passphrase \n");
    let (_, stderr) = hidden(&mut two(&["secrets", "rotate"]), 1);
    assert!(stderr.contains("copy 1 of the data key, for passphrase"), "{stderr}");
    hidden(&mut two(&["secrets", "remove", "1"]), 0);
    hidden(&mut one(&["preview"]), 1);
    hidden(program(root, None, &["preview"]).env("DEVOPSFLOW_PASSPHRASE_FILE", root.join("second")), 0);

    let (settings, staged) = (root.join("devopsflow.dev.toml"), root.join("devopsflow.dev.toml.rotated"));
    let before = std::fs::read_to_string(&settings).unwrap();
    // What a rotation that was killed before the state had the new key left is passed over, and so is another one's.
    std::fs::write(&staged, before.split_inclusive('\n').filter(|line| line.starts_with("token")).collect::<String>())
        .unwrap();
    // A setting that the command line gives has no part in it.
    hidden(&mut two(&["--config", "token=other", "secrets", "rotate"]), 0);
    let after = std::fs::read_to_string(&settings).unwrap();
    assert!(before != after && !staged.exists());
    hidden(&mut two(&["preview", "--detailed-exitcode"]), 0);
    // Killed after the state had the new key, and before the settings had it.
    let resealed = after.lines().find(|line| line.starts_with("token")).unwrap();
    std::fs::write(&staged, resealed).unwrap();
    std::fs::write(&settings, before).unwrap();
    hidden(&mut two(&["preview", "--detailed-exitcode"]), 0);
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), after);
    assert!(!staged.exists());
}

#[test]
fn a_rotation_that_is_killed_is_done_or_not() {
    let directory = project();
    let root = directory.path();
    let one = |args: &[&str]| program(root, Some("one"), args);
    set(root, Some("one"), 0);
    hidden(&mut one(&["up", "--yes"]), 0);
    for _ in 0..4 {
        let mut child = one(&["secrets", "rotate"]).stderr(Stdio::null()).spawn().unwrap();
        // The settings are kept aside immediately before the state gets the new key, and until they are in their place.
        while !root.join("devopsflow.dev.toml.rotated").exists() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        hidden(&mut one(&["preview", "--detailed-exitcode"]), 0);
        assert_eq!(run(&mut one(&["config", "get", "--show-secrets", "token"]), 0).0, format!("{SECRET}\n"));
    }
}
