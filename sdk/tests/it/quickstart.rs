//! A program in a project of its own: a rollout without an agent, wrong settings, and Ctrl-C.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{run, shop};
use crate::programs::build;

/// A program in a project of its own.
pub(crate) fn program(path: &Path, root: &Path, args: &[&str]) -> Command {
    std::fs::write(root.join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
    let mut command = Command::new(path);
    command.current_dir(root).stdin(Stdio::null()).args(args);
    command.env_remove("DEVOPSFLOW_STACK").env_remove("DEVOPSFLOW_BACKEND").env_remove("DEVOPSFLOW_PLUGIN");
    command.env("DEVOPSFLOW_STATE_DIR", root.join("agent"));
    command
}

#[test]
fn a_rollout_is_declared_and_previewed_with_no_agent_running() {
    let (path, root) = (build("web-service", &[], "web-service"), tempfile::tempdir().unwrap());
    let preview = |settings: &[&str], code| {
        let settings = settings.iter().flat_map(|setting| ["--config", setting]);
        let args: Vec<_> = ["preview", "--detailed-exitcode"].into_iter().chain(settings).collect();
        run(&mut program(&path, root.path(), &args), code)
    };
    let (stdout, stderr) = preview(&["release=v1", "port=8080", "pause=1s"], 2);
    assert!(stderr.contains("devopsflow_rollout.shop") && stderr.contains("2 to create"), "{stderr}");
    assert!(stdout.contains("url = "), "{stdout}");
    let (_, stderr) = preview(&["port=8080", "pause=1s"], 1);
    assert!(stderr.contains("--config release="), "{stderr}");
    let (_, stderr) = preview(&["no equals sign"], 1);
    assert!(stderr.contains("`key=value` expected"), "{stderr}");
}

#[test]
fn ctrl_c_ends_what_runs_and_the_next_run_does_the_rest() {
    let root = tempfile::tempdir().unwrap();
    let mut up = shop(root.path(), 400);
    let mut child = up.args(["up", "--yes", "--parallel", "1"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    // It has begun to change things when the first operation is told of.
    let begun = lines.by_ref().map_while(Result::ok).find(|line| line.contains(".p0: create"));
    assert!(begun.is_some());
    while !root.path().join("p0/.github/workflows/ci.yml").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let said = lines.map_while(Result::ok).collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("Stopping") && said.contains("The run was stopped"), "{said}");
    let (stdout, _) = run(shop(root.path(), 400).args(["state", "list"]), 0);
    assert!(!stdout.contains("pending") && stdout.lines().count() < 400, "{stdout}");
    run(shop(root.path(), 3).args(["up", "--yes"]), 0);
    let (stdout, _) = run(shop(root.path(), 3).args(["state", "list"]), 0);
    assert_eq!(stdout.lines().count(), 3);
}
