//! Plans whose inputs only the apply knows.

use acceptance_tests::Action;

use crate::fixture::{FILE, PIPELINE, TEXT, changed, error, pipeline_case};

/// The pipeline with a value from an object that the same apply makes.
fn with_output(input: &str, from: &str, to: &str) -> String {
    let data = format!("resource \"terraform_data\" \"later\" {{\n  input = \"{input}\"\n}}\n");
    data + &changed().replace(from, &to.replace("LATER", "terraform_data.later.output"))
}

fn motto(input: &str) -> String {
    with_output(input, "\"changed\"", "LATER")
}

#[test]
fn an_unknown_input_makes_the_files_unknown_until_the_apply() {
    pipeline_case(|case| {
        let done = case.apply(&motto("carpe diem"));
        assert!(done.plan.is_unknown(PIPELINE, "/variables/MOTTO"));
        assert!(done.plan.is_unknown(PIPELINE, TEXT));
        assert_eq!(done.state.at(PIPELINE, TEXT), &case.read(FILE));
        assert!(case.read(FILE).contains("carpe diem"));
    });
}

#[test]
fn an_update_with_an_unknown_input_is_planned_too() {
    pipeline_case(|case| {
        case.apply(&motto("carpe diem"));
        let done = case.apply(&motto("festina lente"));
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert!(done.plan.is_unknown(PIPELINE, TEXT));
        assert!(case.read(FILE).contains("festina lente"));
    });
}

#[test]
fn an_unknown_name_leaves_open_which_files_there_will_be() {
    pipeline_case(|case| {
        let done = case.apply(&with_output("nightly", "  platform ", "  name = LATER\n  platform "));
        assert!(done.plan.is_unknown(PIPELINE, "/files") && done.plan.is_unknown(PIPELINE, "/path"));
        assert_eq!(case.list(".github/workflows"), ["nightly.yml"]);
    });
}

#[test]
fn an_unknown_input_that_turns_out_wrong_fails_at_the_apply() {
    pipeline_case(|case| {
        let config = with_output("sideways", "\"blue-green\"", "LATER");
        insta::assert_snapshot!(error(case, &config), @r#"
        Error: Invalid value

          with devopsflow_pipeline.ci,
          on main.tf line 9, in resource "devopsflow_pipeline" "ci":
           9:   deploy_strategy = terraform_data.later.output

        `deploy_strategy` must be `blue-green`, `rolling`, `canary` or `feature-flag`, not "sideways".
        "#);
        assert!(!case.exists(FILE));
    });
}
