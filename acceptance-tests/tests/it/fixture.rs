//! A Python project with a pipeline, as most tests use it.

use std::path::Path;

use acceptance_tests::{Case, Config, Done, Plugin, Step, Terraform};

/// The address of the pipeline in [`CI`].
pub(crate) const PIPELINE: &str = "devopsflow_pipeline.ci";

/// Where its file is, from the working folder.
pub(crate) const FILE: &str = ".github/workflows/ci.yml";

/// The JSON pointer of the file's text.
pub(crate) const TEXT: &str = "/files/ci.yml";

/// A pipeline that checks and builds, and deploys nowhere: what deploying needs is the renderer's matter.
pub(crate) const CI: &str = r#"
resource "devopsflow_pipeline" "ci" {
  platform        = "github-actions"
  language        = "python"
  deploy_strategy = "blue-green"
  directory       = "${path.root}/.github/workflows"
  environments    = []
}
"#;

/// The pipeline with further arguments.
pub(crate) fn ci_with(arguments: &str) -> String {
    CI.replacen("  platform ", &format!("  {arguments}\n  platform "), 1)
}

/// The pipeline with another text in its file.
pub(crate) fn changed() -> String {
    ci_with("variables = { MOTTO = \"changed\" }")
}

/// A pipeline with another name in the same folder, written after the first one and after the gate.
pub(crate) fn second() -> String {
    CI.replace("\"ci\"", "\"second\"")
        .replace("  platform ", "  depends_on = [terraform_data.gate]\n  name = \"second\"\n  platform ")
}

/// Holds an apply after the first pipeline, from when the file `waiting` is there until the file `gate` is.
pub(crate) const GATE: &str = r#"
resource "terraform_data" "gate" {
  depends_on = [devopsflow_pipeline.ci]
  provisioner "local-exec" {
    command = "touch waiting; while [ ! -e gate ]; do sleep 0.01; done"
  }
}
"#;

/// The files of a project that a pipeline can be made for.
const PROJECT: [(&str, &str); 5] = [
    (
        "pyproject.toml",
        r#"[project]
name = "shop"
version = "1.0.0"
requires-python = ">=3.12"
dependencies = ["flask==3.1.0"]

[dependency-groups]
dev = ["mypy==1.15.0", "pytest==8.3.5", "pytest-cov==6.1.0", "ruff==0.11.5"]

[tool.ruff]
line-length = 100

[tool.mypy]
strict = true
"#,
    ),
    ("uv.lock", "version = 1\nrequires-python = \">=3.12\"\n"),
    ("src/shop/__init__.py", "\"\"\"A shop.\"\"\"\n"),
    ("tests/unit/test_shop.py", "def test_shop() -> None:\n    assert True\n"),
    ("Dockerfile", "FROM python:3.12-slim\nCOPY . /app\n"),
];

/// Writes the project into a folder.
pub(crate) fn write_project(root: &Path) {
    for (path, text) in PROJECT {
        let path = root.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
}

/// A case in the project.
pub(crate) fn pipeline_case(body: impl FnOnce(&mut Case)) {
    acceptance_tests::case(|case| {
        write_project(&case.work());
        body(case);
    });
}

/// A case in the project, on every terraform there is.
pub(crate) fn each_pipeline_case(body: impl Fn(&mut Case)) {
    acceptance_tests::each_terraform(|case| {
        write_project(&case.work());
        body(case);
    });
}

/// A case in the project with a stand-in for a provider whose objects a state has. Terraform wants it installed and
/// asks it for nothing but its schemas.
pub(crate) fn case_beside(source: &'static str, body: impl FnOnce(&mut Case)) {
    let plugins = [Plugin::ours(), Plugin::ours().named(source)];
    Case::run_with(&Terraform::current(), &plugins, |case| {
        write_project(&case.work());
        body(case);
    });
}

/// A plan that has something to do.
#[track_caller]
pub(crate) fn plan(case: &mut Case, config: &str) -> Done {
    case.step(Step::Plan(Config::of(config).expect_non_empty_plan()))
}

/// The errors of an apply.
#[track_caller]
pub(crate) fn error(case: &mut Case, config: &str) -> String {
    case.error(Step::Apply(Config::of(config)))
}
