//! The data source `devopsflow_project`.

use crate::fixture::{CI, FILE, error, pipeline_case};

const PROJECT: &str = r#"
data "devopsflow_project" "app" {
  path = path.root
}
"#;

#[test]
fn a_pipeline_takes_its_language_from_the_project_and_reads_it_the_same_afterwards() {
    pipeline_case(|case| {
        let config = format!("{PROJECT}{}", CI.replace("\"python\"", "data.devopsflow_project.app.language"));
        let done = case.apply(&config);
        let address = "data.devopsflow_project.app";
        assert_eq!(done.state.at(address, "/language"), "python");
        let found = done.state.at(address, "").clone();
        assert!(case.exists(FILE));
        assert_eq!(&found, case.apply(&config).state.at(address, ""));
    });
}

#[test]
fn what_cannot_be_told_names_the_attribute_to_set() {
    pipeline_case(|case| {
        case.write("go.mod", "module shop\n\ngo 1.24\n");
        case.write("main.go", "package main\n\nfunc main() {}\n");
        insta::assert_snapshot!(error(case, PROJECT), @r#"
        Error: The project cannot be told

          with data.devopsflow_project.app,
          on main.tf line 2, in data "devopsflow_project" "app":
           2: data "devopsflow_project" "app" {

        2 components are equally likely to be what the project is about; set `primary_language` to one of "go", "python":
          python in the root (pyproject.toml)
          go in the root (go.mod)
        "#);
        case.apply(&PROJECT.replace("path ", "primary_language = \"python\"\n  path "));
    });
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    pipeline_case(|case| {
        insta::assert_snapshot!(error(case, &PROJECT.replace("path.root", "\"nowhere\"")), @r#"
        Error: The project cannot be told

          with data.devopsflow_project.app,
          on main.tf line 3, in data "devopsflow_project" "app":
           3:   path = "nowhere"

        cannot read the directory nowhere: No such file or directory (os error 2)
        "#);
    });
}
