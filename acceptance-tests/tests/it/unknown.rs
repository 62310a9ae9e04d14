//! Plans whose inputs only the apply knows.

use crate::fixture::{CI, FILE, PIPELINE, TEXT, pipeline_case};

/// The pipeline with its strategy from an object that the same apply makes.
fn strategy_from(input: &str) -> String {
    let data = format!("resource \"terraform_data\" \"strategy\" {{\n  input = \"{input}\"\n}}\n");
    data + &CI.replace("\"blue-green\"", "terraform_data.strategy.output")
}

#[test]
fn an_unknown_input_makes_the_files_unknown_until_the_apply() {
    pipeline_case(|case| {
        let done = case.apply(&strategy_from("canary"));
        assert!(done.plan.is_unknown(PIPELINE, "/deploy_strategy"));
        assert!(done.plan.is_unknown(PIPELINE, TEXT));
        assert_eq!(done.state.at(PIPELINE, TEXT), &case.read(FILE));
    });
}

#[test]
fn an_update_with_an_unknown_input_is_planned_too() {
    pipeline_case(|case| {
        case.apply(&strategy_from("canary"));
        let before = case.read(FILE);
        let done = case.apply(&strategy_from("rolling"));
        assert!(done.plan.is_unknown(PIPELINE, TEXT));
        assert_ne!(case.read(FILE), before);
    });
}

#[test]
fn an_unknown_input_that_turns_out_wrong_fails_at_the_apply() {
    pipeline_case(|case| {
        insta::assert_snapshot!(crate::fixture::error(case, &strategy_from("sideways")), @r#"
        Error: Invalid value

          with devopsflow_pipeline.ci,
          on main.tf line 8, in resource "devopsflow_pipeline" "ci":
           8:   deploy_strategy = terraform_data.strategy.output

        `deploy_strategy` must be `blue-green`, `rolling`, `canary` or `feature-flag`, not "sideways".
        "#);
        assert!(!case.exists(FILE));
    });
}
