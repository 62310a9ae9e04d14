//! Objects that were of another resource type.

use acceptance_tests::{Action, Case};

use crate::fixture::{CI, FILE, PIPELINE, TEXT, case_beside, each_pipeline_case};

fn moved(from: &str) -> String {
    format!("{CI}\nmoved {{\n  from = {from}\n  to   = {PIPELINE}\n}}\n")
}

#[track_caller]
fn check_taken_over(case: &mut Case, from: &str, text: &str) {
    let done = case.apply(&moved(from));
    assert_eq!(done.plan.action(PIPELINE), Action::Update);
    assert_eq!(done.plan.moved_from(PIPELINE), Some(from));
    assert_eq!(done.plan.before(PIPELINE, TEXT), text);
    assert_eq!(done.state.managed(), [PIPELINE]);
    assert_eq!(done.state.at(PIPELINE, TEXT), &case.read(FILE));
}

#[test]
fn a_terraform_data_that_stood_for_the_file_is_taken_over() {
    each_pipeline_case(|case| {
        if !case.terraform().since(1, 8) {
            return;
        }
        let data = r#"
            resource "terraform_data" "ci" {
              input = { filename = "${path.root}/.github/workflows/ci.yml", content = "by hand" }
              provisioner "local-exec" {
                command = "mkdir -p .github/workflows; printf 'by hand' > .github/workflows/ci.yml"
              }
            }"#;
        case.apply(data);
        check_taken_over(case, "terraform_data.ci", "by hand");
    });
}

#[test]
fn a_local_file_is_taken_over() {
    case_beside("hashicorp/local", |case| {
        if !case.terraform().since(1, 8) {
            return;
        }
        case.write(FILE, "by hand");
        case.write("terraform.tfstate", LOCAL_FILE);
        check_taken_over(case, "local_file.ci", "by hand");
    });
}

/// What hashicorp/local 2.5 leaves behind, with its hashes left out.
const LOCAL_FILE: &str = r#"{
  "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "3f1c2a44-0000-4000-8000-000000000000",
  "outputs": {}, "check_results": null,
  "resources": [{
    "mode": "managed", "type": "local_file", "name": "ci",
    "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
    "instances": [{
      "schema_version": 0,
      "attributes": {
        "filename": "./.github/workflows/ci.yml", "content": "by hand", "content_base64": null,
        "sensitive_content": null, "source": null, "directory_permission": "0777", "file_permission": "0777",
        "id": "6f5fe2d4b4a3e5a7c5f9cd4b1a6d8d6c0d4ce8f1"
      },
      "sensitive_attributes": [[{"type": "get_attr", "value": "sensitive_content"}]]
    }]
  }]
}"#;
