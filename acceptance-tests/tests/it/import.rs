//! Import with the command and with the block.

use acceptance_tests::{Action, Config, Step};

use crate::fixture::{CI, FILE, PIPELINE, TEXT, each_pipeline_case, pipeline_case};

const ID: &str = "github-actions:./.github/workflows/ci.yml";

#[test]
fn the_command_fills_what_names_the_file_and_the_first_plan_is_its_text() {
    each_pipeline_case(|case| {
        case.write(FILE, "name: by hand\n");
        let done = case.step(Step::Import { config: CI, address: PIPELINE, id: ID });
        assert_eq!(done.state.at(PIPELINE, TEXT), "name: by hand\n");
        assert_eq!(done.state.at(PIPELINE, "/platform"), "github-actions");
        assert_eq!(done.state.at(PIPELINE, "/name"), "ci");
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert!(done.text.contains("- name: by hand\n"), "{}", done.text);
        case.apply(CI);
        case.step(Step::Destroy);
        assert!(!case.exists(FILE));
    });
}

#[test]
fn the_block_imports_as_part_of_an_apply() {
    each_pipeline_case(|case| {
        case.write(FILE, "name: by hand\n");
        let block = format!("{CI}\nimport {{\n  to = {PIPELINE}\n  id = \"{ID}\"\n}}\n");
        let done = case.step(Step::ImportBlock { config: Config::of(&block), address: PIPELINE });
        assert_eq!(done.plan.action(PIPELINE), Action::Update);
        assert_eq!(done.state.at(PIPELINE, TEXT), &case.read(FILE));
    });
}

#[test]
fn what_was_created_can_be_forgotten_and_imported_again() {
    pipeline_case(|case| {
        let created = case.apply(CI).state;
        case.run(&["state", "rm", PIPELINE]).expect_success();
        let imported = case.step(Step::Import { config: CI, address: PIPELINE, id: ID }).state;
        for pointer in ["/platform", "/directory", "/name", "/files", "/path"] {
            assert_eq!(imported.at(PIPELINE, pointer), created.at(PIPELINE, pointer), "{pointer}");
        }
        case.apply(CI);
    });
}

#[test]
fn terraform_writes_a_configuration_for_what_is_imported() {
    pipeline_case(|case| {
        case.write(FILE, "name: by hand\n");
        let block = format!("import {{\n  to = {PIPELINE}\n  id = \"{ID}\"\n}}\n");
        let args = ["-generate-config-out=generated.tf"];
        let generated = Step::Plan(Config::of(&block).with(&args).expect_non_empty_plan());
        // What an import cannot know is asked for by name. Which line that is differs from terraform to terraform.
        let asked = case.error(generated);
        assert!(asked.contains("on generated.tf line") && asked.ends_with("`language` is required."), "{asked}");
        let generated = case.read("generated.tf");
        let given: Vec<&str> = generated.lines().filter(|line| line.contains('=') && !line.ends_with("null")).collect();
        insta::assert_snapshot!(given.join("\n"), @r#"
        directory         = "./.github/workflows"
        name              = "ci"
        platform          = "github-actions"
        "#);
    });
}

#[test]
fn a_wrong_id_is_explained() {
    pipeline_case(|case| {
        let mut import = |id| case.error(Step::Import { config: CI, address: PIPELINE, id });
        insta::assert_snapshot!(import(".github/workflows/ci.yml"), @r#"
        Error: Not the id of a pipeline

        ".github/workflows/ci.yml" has no colon. The id is `platform:path`, such as `github-actions:.github/workflows/ci.yml`.
        "#);
        insta::assert_snapshot!(import("gitlab:ci.yml"), @r#"
        Error: Not the id of a pipeline

        "github-actions" expected, not "gitlab". The id is `platform:path`, such as `github-actions:.github/workflows/ci.yml`.
        "#);
        insta::assert_snapshot!(import(ID), @r"
        Error: Nothing to import

        There is no file ./.github/workflows/ci.yml. To write it, declare the resource without importing.
        ");
    });
}
