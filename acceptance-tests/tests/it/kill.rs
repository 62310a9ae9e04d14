//! SIGKILL in the middle of an apply, to the provider and to terraform.

use acceptance_tests::{Case, Running, Signal, poll};

use crate::fixture::{CI, FILE, GATE, PIPELINE, changed, pipeline_case, second};

const FOLDER: &str = ".github/workflows";
const SECOND: &str = ".github/workflows/second.yml";

/// Two pipelines, the second behind the gate.
fn two() -> String {
    format!("{CI}{GATE}{}", second())
}

/// Starts an apply of both and waits until the first one is written.
fn start(case: &Case) -> Running<'_> {
    case.write("main.tf", &two());
    let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
    apply.wait_until("the gate", || case.exists("waiting"));
    apply
}

/// The next apply takes up whatever there is.
#[track_caller]
fn check_recovers(case: &mut Case) {
    case.write("gate", "");
    let done = case.apply(&two());
    assert_eq!(case.list(FOLDER), ["ci.yml", "second.yml"]);
    assert_eq!(done.state.at("devopsflow_pipeline.second", "/files/second.yml"), &case.read(SECOND));
}

#[test]
fn a_provider_that_is_killed_loses_only_what_it_had_not_done() {
    pipeline_case(|case| {
        let mut apply = start(case);
        apply.provider().signal(Signal::KILL);
        case.write("gate", "");
        apply.finish().expect_code(1);
        assert_eq!(case.state().managed(), [PIPELINE, "terraform_data.gate"]);
        assert_eq!(case.list(FOLDER), ["ci.yml"]);
        check_recovers(case);
    });
}

#[test]
fn a_provider_without_requests_ends_when_its_terraform_is_killed() {
    pipeline_case(|case| {
        let mut apply = start(case);
        let provider = apply.provider();
        apply.signal(Signal::KILL);
        apply.wait();
        poll("the provider to end", || provider.is_gone().then_some(()));
        case.write("gate", "");
        apply.finish();
        check_recovers(case);
    });
}

#[test]
fn a_provider_that_writes_when_its_terraform_is_killed_gets_to_a_safe_point() {
    pipeline_case(|case| {
        let mut apply = start(case);
        case.write("gate", "");
        apply.wait_until("a write", || case.list(FOLDER).len() > 1);
        apply.signal(Signal::KILL);
        // Returns when the provider is gone too.
        apply.finish();
        assert!(case.list(FOLDER).iter().all(|name| ["ci.yml", "second.yml"].contains(&name.as_str())));
        check_recovers(case);
    });
}

/// The provider is killed as soon as a file of its making shows beside the target, or at any later instant.
#[test]
fn a_kill_during_the_write_leaves_the_old_text_or_the_new() {
    pipeline_case(|case| {
        let configs = [changed(), CI.to_owned()];
        let texts = configs.each_ref().map(|config| {
            case.apply(config);
            case.read(FILE)
        });
        let mut interrupted = 0;
        for config in configs.iter().cycle().take(12) {
            case.write("main.tf", config);
            let before = case.read(FILE);
            let mut apply = case.spawn(&["apply", "-auto-approve", "-refresh=false", "-no-color"]);
            let provider = apply.provider();
            apply.race("a write", || case.list(FOLDER).len() > 1 || case.read(FILE) != before);
            provider.signal(Signal::KILL);
            interrupted += usize::from(!apply.finish().status.success());
            assert!(texts.contains(&case.read(FILE)), "neither the old text nor the new");
        }
        assert!(interrupted > 0, "no kill came in time");
        case.apply(CI);
        assert_eq!(case.list(FOLDER), ["ci.yml"]);
    });
}
