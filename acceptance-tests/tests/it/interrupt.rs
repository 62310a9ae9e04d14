//! Ctrl-C in the middle of an apply.

use std::time::Duration;

use acceptance_tests::{Case, Signal};

use crate::fixture::{CI, FILE, GATE, PIPELINE, pipeline_case, second};

/// How long a run may take to end after Ctrl-C. The provider itself has nothing that takes long.
const STOP: Duration = Duration::from_secs(15);

const SECOND: &str = ".github/workflows/second.yml";

#[test]
fn an_interrupt_between_two_pipelines_keeps_the_first() {
    pipeline_case(|case| {
        let config = format!("{CI}{GATE}{}", second());
        case.write("main.tf", &config);
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        apply.interrupt();
        apply.finish_within(STOP).expect_code(1);
        assert!(case.exists(FILE) && !case.exists(SECOND));
        case.write("gate", "");
        case.apply(&config);
        assert!(case.exists(SECOND));
    });
}

/// The state says what is on disk, wherever the interrupt came.
#[track_caller]
fn check_true_state(case: &Case) {
    let recorded = case.state();
    assert!(recorded.managed().contains(&PIPELINE));
    assert_eq!(recorded.managed().contains(&"devopsflow_pipeline.second"), case.exists(SECOND));
    assert!(case.list(".github/workflows").iter().all(|name| ["ci.yml", "second.yml"].contains(&name.as_str())));
}

#[test]
fn an_interrupt_during_a_write_leaves_what_the_state_says() {
    pipeline_case(|case| {
        case.write("main.tf", &format!("{CI}{GATE}{}", second()));
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        case.write("gate", "");
        apply.wait_until("a write", || case.list(".github/workflows").len() > 1);
        apply.interrupt();
        apply.finish_within(STOP);
        check_true_state(case);
    });
}

/// The provider is held, so that a request and the interrupt are both there when it goes on.
#[test]
fn an_interrupt_that_overtakes_a_request_leaves_what_the_state_says() {
    pipeline_case(|case| {
        case.write("main.tf", &format!("{CI}{GATE}{}", second()));
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        let provider = apply.provider();
        provider.signal(Signal::STOP);
        case.write("gate", "");
        apply.wait_until_printed("terraform_data.gate: Creation complete");
        apply.interrupt();
        apply.wait_until_printed("Interrupt received.");
        provider.signal(Signal::CONT);
        apply.finish_within(STOP);
        check_true_state(case);
    });
}

/// A terminal interrupts every process of the run. What that means is terraform's to decide, so alone it means nothing.
#[test]
fn the_provider_leaves_interrupts_to_terraform() {
    pipeline_case(|case| {
        case.write("main.tf", &format!("{CI}{GATE}{}", second()));
        let mut apply = case.spawn(&["apply", "-auto-approve", "-no-color"]);
        apply.wait_until("the gate", || case.exists("waiting"));
        apply.provider().signal(Signal::INT);
        case.write("gate", "");
        apply.finish().expect_success();
        assert!(case.exists(FILE) && case.exists(SECOND));
    });
}
