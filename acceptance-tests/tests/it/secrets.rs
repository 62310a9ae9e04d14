//! What is printed, logged and recorded.

use crate::fixture::{CI, ci_with, pipeline_case};

/// Terraform does not hand on that a value is sensitive, so the text of a file could not hide it: there is no attribute
/// that pretends to.
#[test]
fn no_attribute_promises_to_hide_what_a_file_shows() {
    pipeline_case(|case| {
        case.write("main.tf", CI);
        let schemas = case.run(&["providers", "schema", "-json"]).expect_success().stdout.clone();
        assert!(schemas.contains("\"devopsflow_pipeline\""));
        assert!(!schemas.contains("\"sensitive\":true"));
    });
}

#[test]
fn a_value_is_only_where_the_plan_says_and_in_no_log() {
    pipeline_case(|case| {
        case.set_env("TF_LOG", "trace");
        case.set_env("TF_LOG_PATH", "../logs/trace");
        case.apply(&ci_with("variables = { MOTTO = \"hunter2-motto\" }"));
        assert!(case.read("../logs/trace").contains("terraform-provider-devopsflow"));
        let places = case.files_with("hunter2-motto");
        insta::assert_snapshot!(places.join("\n"), @r"
        logs/02-plan-stdout
        logs/03-show-stdout
        logs/05-show-stdout
        work/.github/workflows/ci.yml
        work/main.tf
        work/terraform.tfstate
        ");
    });
}
