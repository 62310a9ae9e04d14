//! What is printed, logged and recorded.

use crate::fixture::{ci_with, pipeline_case};

#[test]
fn a_value_is_only_where_the_plan_says_and_in_no_log() {
    pipeline_case(|case| {
        case.set_env("TF_LOG", "trace");
        case.set_env("TF_LOG_PATH", "../logs/trace");
        case.apply(&ci_with("variables = { MOTTO = \"hunter2-motto\" }"));
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
