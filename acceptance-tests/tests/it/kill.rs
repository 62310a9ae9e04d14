//! SIGKILL in the middle of an apply, to the provider and to terraform.

use std::collections::BTreeMap;

use acceptance_tests::{Case, Running, Signal, poll};

use crate::fixture::{CI, GATE, PIPELINE, ci_with, pipeline_case, second};

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

/// Twelve pipelines at once behind a gate, so that wherever the first write shows, others are on their way.
fn many(motto: &str) -> String {
    let name = "count = 12\n  name = \"p${count.index}\"\n  depends_on = [terraform_data.gate]\n";
    let gate = GATE.replace("depends_on = [devopsflow_pipeline.ci]", &format!("triggers_replace = \"{motto}\""));
    gate + &ci_with(&format!("{name}  variables = {{ MOTTO = \"motto {motto}\" }}"))
}

/// The texts of all files, by name; what was staged and not published is among them.
fn texts(case: &Case) -> BTreeMap<String, String> {
    let read = |name: String| {
        let text = fs_err::read_to_string(case.work().join(FOLDER).join(&name)).unwrap_or_default();
        (name, text)
    };
    case.list(FOLDER).into_iter().map(read).collect()
}

/// Applies the configuration and kills the provider as soon as a write shows.
#[track_caller]
fn apply_and_kill(case: &Case, config: &str) {
    for name in ["waiting", "gate"] {
        fs_err::remove_file(case.work().join(name)).unwrap();
    }
    case.write("main.tf", config);
    let before = texts(case);
    let mut apply = case.spawn(&["apply", "-auto-approve", "-refresh=false", "-no-color"]);
    apply.wait_until("the gate", || case.exists("waiting"));
    let provider = apply.provider();
    case.write("gate", "");
    apply.wait_until("a write", || texts(case) != before);
    provider.signal(Signal::KILL);
    apply.finish().expect_code(1);
}

#[test]
fn a_kill_during_writes_leaves_every_file_with_the_old_text_or_the_new() {
    pipeline_case(|case| {
        case.write("gate", "");
        case.apply(&many("0"));
        let mut before = texts(case);
        assert_eq!(before.len(), 12);
        for round in 1..4 {
            let motto = |text: &String| text.replace(&format!("motto {}", round - 1), &format!("motto {round}"));
            let after: BTreeMap<_, _> = before.iter().map(|(name, text)| (name.clone(), motto(text))).collect();
            let config = many(&round.to_string());
            apply_and_kill(case, &config);
            let found = texts(case);
            for name in before.keys() {
                assert!([&before[name], &after[name]].contains(&&found[name]), "{name}:\n{}", found[name]);
            }
            // The next apply takes up what was written, and clears away what was staged.
            case.apply(&config);
            assert_eq!(texts(case), after);
            before = after;
        }
    });
}
