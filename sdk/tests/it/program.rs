//! A whole program, as a process: its command line, and kills at any moment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::programs::build;

/// The example.
pub(crate) fn shop(root: &Path, count: usize) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| build("devopsflow", &["--example", "shop"], "shop"));
    std::fs::write(root.join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let mut command = Command::new(path);
    command.current_dir(root).stdin(Stdio::null()).env_remove("DEVOPSFLOW_STACK").env_remove("DEVOPSFLOW_BACKEND");
    command.args(["--config", &format!("count={count}"), "--config", &format!("root={}", root.display())]);
    command
}

#[track_caller]
pub(crate) fn run(command: &mut Command, code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{stdout}{stderr}");
    (stdout, stderr)
}

#[test]
fn the_command_line_from_preview_to_destroy() {
    let root = tempfile::tempdir().unwrap();
    let shop = |count: usize, args: &[&str]| {
        let mut command = shop(root.path(), count);
        command.args(args);
        command
    };
    let (_, stderr) = run(&mut shop(2, &["preview", "--detailed-exitcode"]), 2);
    assert!(stderr.contains("2 to create") && stderr.contains("was not looked at"), "{stderr}");
    let (_, stderr) = run(&mut shop(2, &["up"]), 1);
    assert!(stderr.contains("--yes"), "{stderr}");
    let (stdout, _) = run(&mut shop(2, &["up", "--yes"]), 0);
    assert!(stdout.contains("p1/.github/workflows/ci.yml"), "{stdout}");
    assert!(root.path().join("p0/.github/workflows/ci.yml").exists());
    run(&mut shop(2, &["preview", "--detailed-exitcode"]), 0);
    let (stdout, _) = run(&mut shop(2, &["state", "list"]), 0);
    assert_eq!(stdout, "devopsflow_pipeline.p0\ndevopsflow_pipeline.p1\n");
    let (stdout, _) = run(&mut shop(1, &["up", "--yes", "--json"]), 0);
    let last: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["counts"]["deleted"]), (&"ended".into(), &1.into()));
    run(&mut shop(1, &["destroy", "--yes"]), 0);
    assert!(!root.path().join("p0/.github/workflows/ci.yml").exists());
}

#[test]
fn killed_at_any_moment_it_needs_nothing_but_to_be_run_again() {
    let root = tempfile::tempdir().unwrap();
    let mut survived = 0;
    for round in 0..12u64 {
        // Each round wants another number of pipelines, so that there is always something to make or to remove.
        let count = if round % 2 == 0 { 40 } else { 5 };
        let mut child =
            shop(root.path(), count).args(["up", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 37 % 400));
        child.kill().unwrap();
        survived += u64::from(child.wait().unwrap().success());
        run(shop(root.path(), count).args(["up", "--yes"]), 0);
        run(shop(root.path(), count).args(["preview", "--refresh", "--detailed-exitcode"]), 0);
        let files = (0..40).filter(|n| root.path().join(format!("p{n}/.github/workflows/ci.yml")).exists());
        assert_eq!(files.count(), count);
    }
    assert!(survived < 12, "some were killed before they ended");
}
