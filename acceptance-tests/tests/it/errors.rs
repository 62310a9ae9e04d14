//! Wrong input: each error names its attribute and says what to do.

use crate::fixture::{CI, FILE, ci_with, error, pipeline_case};

/// The errors for a pipeline in which `from` is replaced by `to`. Nothing is written.
#[track_caller]
fn errors_of(from: &str, to: &str) -> String {
    assert!(CI.contains(from), "{from} is not in the configuration");
    let mut found = String::new();
    pipeline_case(|case| {
        found = error(case, &CI.replace(from, to));
        assert!(!case.exists(".github"), "something was written");
    });
    found
}

#[test]
fn an_unknown_platform() {
    insta::assert_snapshot!(errors_of("\"github-actions\"", "\"github\""), @r#"
    Error: Invalid value

      with devopsflow_pipeline.ci,
      on main.tf line 3, in resource "devopsflow_pipeline" "ci":
       3:   platform        = "github"

    `platform` must be `github-actions`, not "github".
    "#);
}

#[test]
fn an_unknown_language() {
    insta::assert_snapshot!(errors_of("\"python\"", "\"cobol\""), @r#"
    Error: Invalid value

      with devopsflow_pipeline.ci,
      on main.tf line 4, in resource "devopsflow_pipeline" "ci":
       4:   language        = "cobol"

    `language` must be `python`, not "cobol".
    "#);
}

#[test]
fn an_unknown_strategy() {
    insta::assert_snapshot!(errors_of("\"blue-green\"", "\"big-bang\""), @r#"
    Error: Invalid value

      with devopsflow_pipeline.ci,
      on main.tf line 5, in resource "devopsflow_pipeline" "ci":
       5:   deploy_strategy = "big-bang"

    `deploy_strategy` must be `blue-green`, `rolling`, `canary` or `feature-flag`, not "big-bang".
    "#);
}

#[test]
fn a_missing_argument() {
    insta::assert_snapshot!(errors_of("  platform        = \"github-actions\"\n", ""), @r#"
    Error: Missing required argument

      on main.tf line 2, in resource "devopsflow_pipeline" "ci":
       2: resource "devopsflow_pipeline" "ci" {

    The argument "platform" is required, but no definition was found.
    "#);
}

#[test]
fn a_name_that_leads_elsewhere() {
    insta::assert_snapshot!(errors_of("  platform ", "  name = \"../../outside\"\n  platform "), @r#"
    Error: Invalid value

      with devopsflow_pipeline.ci,
      on main.tf line 3, in resource "devopsflow_pipeline" "ci":
       3:   name = "../../outside"

    `name` is "../../outside", which begins with a dot. Use letters, digits, `-`, `_` and `.`, such as `ci`.
    "#);
}

/// One plan for each argument, with nothing kept from one to the next.
#[test]
fn wrong_values_of_options_are_explained_one_by_one() {
    pipeline_case(|case| {
        let arguments = [
            "versions = [\"latest\"]",
            "variables = { \"A B\" = \"x\" }",
            "runner = []",
            "working_directory = \"../x\"",
            "repository = \"nowhere\"",
            "deploy = {}",
            "overwrite = \"perhaps\"",
            "no_such_option = 1",
        ];
        let mut explain = |argument: &&str| format!("{argument}\n{}", error(case, &ci_with(argument)));
        insta::assert_snapshot!(arguments.iter().map(&mut explain).collect::<Vec<_>>().join("\n\n"), @r#"
        versions = ["latest"]
        Error: Not a version

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   versions = ["latest"]

        "latest" should be a version such as `3.13`.

        The attribute is `versions[0]`.

        variables = { "A B" = "x" }
        Error: Not the name of an environment variable

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   variables = { "A B" = "x" }

        "A B" should be letters, digits and `_`, not beginning with a digit, and not one that the platform sets (`GITHUB_...`, `RUNNER_...`).

        The attribute is `variables["A B"]`.

        runner = []
        Error: No machine

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   runner = []

        At least one label is expected, such as `ubuntu-24.04`.

        working_directory = "../x"
        Error: The project cannot be told

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   working_directory = "../x"

        working_directory "../x" leads out of the project; give a directory relative to the project, such as "services/api".

        repository = "nowhere"
        Error: The project cannot be told

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   repository = "nowhere"

        cannot read the directory nowhere: No such file or directory (os error 2).

        deploy = {}
        Error: Invalid value

          with devopsflow_pipeline.ci,
          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   deploy = {}

        `deploy` must be an object with exactly one of `ecs`, `helm`, `kubectl`, `scripts` and `terraform`.

        overwrite = "perhaps"
        Error: Incorrect attribute value type

          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   overwrite = "perhaps"

        Inappropriate value for attribute "overwrite": a bool is required.

        no_such_option = 1
        Error: Unsupported argument

          on main.tf line 3, in resource "devopsflow_pipeline" "ci":
           3:   no_such_option = 1

        An argument named "no_such_option" is not expected here.
        "#);
    });
}

/// Terraform before 1.15 points at the whole attribute then, so the text has to say which part of it is wrong.
#[test]
fn a_nested_attribute_is_named_in_full() {
    pipeline_case(|case| {
        for (argument, expected) in [
            ("timeouts = { test = -1 }", "`timeouts.test` must be from 1 to 4320, not -1."),
            (
                "extra_jobs = { a = { steps = [{ name = \"a\", command = \"\" }] } }",
                "The attribute is `extra_jobs[\"a\"].steps[0]`.",
            ),
            ("pins = { \"a/b\" = { sha = \"short\", version = \"v1\" } }", "The attribute is `pins[\"a/b\"].sha`."),
        ] {
            let errors = error(case, &ci_with(argument));
            assert!(errors.ends_with(expected), "{argument}: {errors}");
        }
    });
}

#[test]
fn a_directory_without_a_name() {
    insta::assert_snapshot!(errors_of("\"${path.root}/.github/workflows\"", "\"\""), @r#"
    Error: Invalid value

      with devopsflow_pipeline.ci,
      on main.tf line 6, in resource "devopsflow_pipeline" "ci":
       6:   directory       = ""

    `directory` is empty. Give a directory, such as `.github/workflows` or `.`, or leave it out to write nothing.
    "#);
}

#[test]
fn a_file_of_somebody_else_is_refused_at_plan() {
    pipeline_case(|case| {
        case.write(FILE, "name: mine\n");
        insta::assert_snapshot!(error(case, CI), @r#"
        Error: The file exists already

          with devopsflow_pipeline.ci,
          on main.tf line 6, in resource "devopsflow_pipeline" "ci":
           6:   directory       = "${path.root}/.github/workflows"

        ./.github/workflows/ci.yml was not written by this resource and holds something else. Import it, set `overwrite = true`, or choose another `name`.
        "#);
        assert_eq!(case.read(FILE), "name: mine\n");
        case.apply(&ci_with("overwrite = true"));
    });
}

#[test]
fn a_link_in_place_of_the_file_is_not_followed() {
    pipeline_case(|case| {
        case.write("outside.yml", "mine");
        fs_err::create_dir_all(case.work().join(".github/workflows")).unwrap();
        std::os::unix::fs::symlink("../../outside.yml", case.work().join(FILE)).unwrap();
        insta::assert_snapshot!(error(case, &ci_with("overwrite = true")), @r#"
        Error: The file system refuses

          with devopsflow_pipeline.ci,
          on main.tf line 2, in resource "devopsflow_pipeline" "ci":
           2: resource "devopsflow_pipeline" "ci" {

        ./.github/workflows/ci.yml is a symbolic link, and links inside the folder are not followed; put a real file or directory in its place.
        "#);
        assert_eq!(case.read("outside.yml"), "mine");
    });
}
