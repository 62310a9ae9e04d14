//! Objects that are made anew: `-replace`, taint, and the order in which that happens.

use acceptance_tests::{Action, Config, Step};

use crate::fixture::{CI, FILE, PIPELINE, changed, ci_with, pipeline_case};

const REPLACE: &[&str] = &["-replace=devopsflow_pipeline.ci"];

/// The file stands where the removed object's file stood, so the new object must not lose it.
const BEFORE_DESTROY: &str = "lifecycle {\n    create_before_destroy = true\n  }";

#[test]
fn a_replacement_writes_the_file_again() {
    pipeline_case(|case| {
        case.apply(CI);
        let done = case.step(Step::Apply(Config::of(CI).with(REPLACE)));
        assert_eq!(done.plan.action(PIPELINE), Action::Replace);
        assert!(case.exists(FILE));
    });
}

#[test]
fn a_replacement_before_the_destruction_keeps_the_file() {
    pipeline_case(|case| {
        let config = ci_with(BEFORE_DESTROY);
        case.apply(&config);
        let done = case.step(Step::Apply(Config::of(&config).with(REPLACE)));
        assert_eq!(done.plan.action(PIPELINE), Action::Replace);
        assert_eq!(done.state.at(PIPELINE, crate::fixture::TEXT), &case.read(FILE));
    });
}

#[test]
fn a_tainted_pipeline_is_replaced_and_takes_changes_with_it() {
    pipeline_case(|case| {
        case.apply(CI);
        case.run(&["taint", "-no-color", PIPELINE]).expect_success();
        assert!(case.state().is_tainted(PIPELINE));
        let done = case.apply(&changed());
        assert_eq!(done.plan.action(PIPELINE), Action::Replace);
        assert!(!done.state.is_tainted(PIPELINE));
    });
}
