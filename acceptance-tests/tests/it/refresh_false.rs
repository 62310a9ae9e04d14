//! Plans that do not look at the world first.

use acceptance_tests::{Action, Config, Step};

use crate::fixture::{CI, FILE, PIPELINE, changed, pipeline_case};

const NO_REFRESH: &[&str] = &["-refresh=false"];

#[test]
fn an_update_without_a_refresh_is_made_from_the_recorded_state() {
    pipeline_case(|case| {
        case.apply(CI);
        let changed = changed();
        let done = case.step(Step::Apply(Config::of(&changed).with(NO_REFRESH)));
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
    });
}

#[test]
fn a_hand_edit_is_not_overwritten_by_a_plan_that_did_not_see_it() {
    pipeline_case(|case| {
        case.apply(CI);
        case.write(FILE, "edited");
        let changed = changed();
        let errors = case.error(Step::Apply(Config::of(&changed).with(NO_REFRESH)));
        insta::assert_snapshot!(errors, @r#"
        Error: The file has changed since the plan

          with devopsflow_pipeline.ci,
          on main.tf line 2, in resource "devopsflow_pipeline" "ci":
           2: resource "devopsflow_pipeline" "ci" {

        ./.github/workflows/ci.yml was changed or removed by somebody else, so nothing was written. Plan again to see the change.
        "#);
        assert_eq!(case.read(FILE), "edited");
        case.apply(&changed);
    });
}

#[test]
fn a_hand_edit_between_plan_and_apply_is_not_overwritten() {
    pipeline_case(|case| {
        case.apply(CI);
        case.write("main.tf", &changed());
        case.run(&["plan", "-out=../logs/saved"]).expect_success();
        case.write(FILE, "edited");
        let applied = case.run(&["apply", "-no-color", "../logs/saved"]);
        insta::assert_snapshot!(applied.expect_errors(case), @r#"
        Error: The file has changed since the plan

          with devopsflow_pipeline.ci,
          on main.tf line 2, in resource "devopsflow_pipeline" "ci":
           2: resource "devopsflow_pipeline" "ci" {

        ./.github/workflows/ci.yml was changed or removed by somebody else, so nothing was written. Plan again to see the change.
        "#);
        assert_eq!(case.read(FILE), "edited");
        case.apply(&changed());
    });
}

#[test]
fn a_hand_edit_is_not_removed_by_a_destroy_that_did_not_see_it() {
    pipeline_case(|case| {
        case.apply(CI);
        case.write(FILE, "edited");
        let destroyed = case.run(&["apply", "-destroy", "-refresh=false", "-auto-approve", "-no-color"]);
        insta::assert_snapshot!(destroyed.expect_errors(case), @r"
        Error: The file has changed since the plan

        ./.github/workflows/ci.yml was changed or removed by somebody else, so nothing was written. Plan again to see the change.
        ");
        assert_eq!(case.read(FILE), "edited");
        case.step(Step::Destroy);
        assert!(!case.exists(FILE));
    });
}
