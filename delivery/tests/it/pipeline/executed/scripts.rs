//! With scripts that write down how they were called.

use std::fs;

use delivery::pipeline::options::{
    Canary, Deploy, DeployStrategy, Environment, FeatureFlag, Options, Rung, Scripts, Verification,
};
use tempfile::TempDir;

use crate::pipeline::fixture::{self, Files};
use crate::pipeline::runner::{Ended, Outputs, Runner, has};
use crate::pipeline::workflow::Workflow;

/// Appends to `log` how each script was called. `state` is what users get.
const SCRIPTS: [(&str, &str); 5] = [
    ("deploy.sh", "echo \"deploy $IMAGE\" >>log; echo \"$IMAGE\" >next\n"),
    ("current.sh", "cat state 2>/dev/null || true\n"),
    ("rollback.sh", "echo \"rollback to $PREVIOUS\" >>log; echo \"$PREVIOUS\" >state\n"),
    ("switch.sh", "echo switch >>log; cp next state\n"),
    ("shift.sh", "echo \"shift $WEIGHT\" >>log; [[ \"$WEIGHT\" != 100 ]] || cp next state\n"),
];

fn files() -> Files {
    let mut files = fixture::image();
    files.extend(SCRIPTS);
    files
}

fn options(deploy_strategy: DeployStrategy) -> Options {
    let scripts = Scripts {
        deploy: "deploy.sh".to_owned(),
        rollback: "rollback.sh".to_owned(),
        current: "current.sh".to_owned(),
        switch: Some("switch.sh".to_owned()),
        shift: Some("shift.sh".to_owned()),
    };
    let rung = |weight| Rung { weight, pause_minutes: 0 };
    let is = |strategy| deploy_strategy == strategy;
    let flag = FeatureFlag { command: "echo \"flag $PERCENT\" >>log".to_owned(), steps: Some(vec![rung(10)]) };
    // The judge finds fault with a version when the file `bad` names what was done last.
    let command = "if [[ -e bad ]] && grep --fixed-strings --line-regexp \"$(tail -n 1 log)\" bad; then exit 1; fi";
    Options {
        deploy_strategy,
        deploy: Some(Deploy::Scripts(scripts)),
        canary: is(DeployStrategy::Canary).then(|| Canary { steps: vec![rung(5), rung(50)] }),
        feature_flag: is(DeployStrategy::FeatureFlag).then_some(flag),
        verification: Some(Verification { command: Some(command.to_owned()), minutes: 0, ..Verification::default() }),
        environments: Some(vec![Environment::new("staging")]),
        ..fixture::options()
    }
}

/// A repository in which `old` runs.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in SCRIPTS {
        fs::write(root.path().join(path), format!("#!/bin/bash\n{text}")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(root.path().join(path), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    fs::write(root.path().join("state"), "old\n").unwrap();
    root
}

/// Deploys `new`, finding fault with it after `bad`; what was done must be `expected`, and then `state` runs.
#[track_caller]
fn check(strategy: DeployStrategy, bad: Option<&str>, expected: &[&str], state: &str) -> Option<Ended> {
    if !has("bash") {
        return None;
    }
    let workflow = Workflow::read(fixture::text(&files(), &options(strategy)));
    let root = repository();
    if let Some(bad) = bad {
        fs::write(root.path().join("bad"), format!("{bad}\n")).unwrap();
    }
    let outputs = Outputs::from([("needs.publish.outputs.image".to_owned(), "new".to_owned())]);
    let mut runner = Runner { workflow: &workflow, root: root.path(), outputs };
    let ended = runner.run("deploy-staging");
    let log = fs::read_to_string(root.path().join("log")).unwrap_or_default();
    assert_eq!(log.lines().collect::<Vec<_>>(), expected, "{}", ended.said);
    assert_eq!(ended.succeeded, bad.is_none(), "{}", ended.said);
    assert_eq!(fs::read_to_string(root.path().join("state")).unwrap().trim(), state);
    Some(ended)
}

#[test]
fn a_canary_climbs_the_ladder() {
    check(DeployStrategy::Canary, None, &["deploy new", "shift 5", "shift 50", "shift 100"], "new");
}

#[test]
fn a_canary_goes_back_from_the_step_that_fails() {
    check(DeployStrategy::Canary, Some("shift 50"), &["deploy new", "shift 5", "shift 50", "rollback to old"], "old");
}

#[test]
fn traffic_switches_after_the_deployment() {
    check(DeployStrategy::BlueGreen, None, &["deploy new", "switch"], "new");
}

#[test]
fn a_flag_opens_step_by_step() {
    check(DeployStrategy::FeatureFlag, None, &["deploy new", "flag 10", "flag 100"], "old");
}

#[test]
fn a_flag_is_switched_off_before_anything_else_is_undone() {
    check(DeployStrategy::FeatureFlag, Some("flag 10"), &["deploy new", "flag 10", "flag 0", "rollback to old"], "old");
}
