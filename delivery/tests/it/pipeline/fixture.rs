//! Small projects, written for one test.

use std::fs;

use delivery::pipeline::options::{Language, Options};
use delivery::pipeline::{self, Platform, Rendered};
use delivery::project::{self, Detection};
use framework::Diagnostics;

/// Files of a project, with the paths relative to its root.
pub(super) type Files = Vec<(&'static str, &'static str)>;

const PYPROJECT: &str = r#"
[project]
name = "shop"
version = "1.0.0"
requires-python = ">=3.12"
dependencies = []

[dependency-groups]
dev = ["pytest>=8", "pytest-cov>=5", "ruff>=0.5", "mypy>=1"]

[tool.uv]
package = false
"#;

/// A service that uv installs, with unit tests.
pub(super) fn python() -> Files {
    vec![
        ("pyproject.toml", PYPROJECT),
        ("uv.lock", "version = 1\n"),
        ("shop/__init__.py", ""),
        ("tests/test_shop.py", "def test_nothing():\n    pass\n"),
    ]
}

/// The same with a Dockerfile.
pub(super) fn image() -> Files {
    let mut files = python();
    files.push(("Dockerfile", "FROM python:3.12-slim\nUSER 1000\n"));
    files
}

/// The same with a terraform module.
pub(super) fn service(module: &'static str) -> Files {
    let mut files = image();
    files.extend([("infra/main.tf", module), ("infra/.terraform.lock.hcl", "")]);
    files
}

/// A module for `rolling` and `feature-flag`.
pub(super) const MODULE: &str = r#"
terraform {
  backend "s3" {}
}
variable "image" {}
output "image" { value = var.image }
output "url" { value = "https://shop.example.com" }
"#;

/// A module for `blue-green`.
pub(super) const SLOTS: &str = r#"
terraform {
  backend "s3" {}
}
variable "image_blue" {}
variable "image_green" {}
variable "active_slot" {}
output "image_blue" { value = var.image_blue }
output "image_green" { value = var.image_green }
output "active_slot" { value = var.active_slot }
output "url" { value = "https://shop.example.com" }
output "preview_url" { value = "https://preview.shop.example.com" }
"#;

/// A module for `canary`.
pub(super) const CANARY: &str = r#"
terraform {
  backend "s3" {}
}
variable "image" {}
variable "canary_image" {}
variable "canary_weight" {}
output "image" { value = var.image }
output "canary_image" { value = var.canary_image }
output "canary_weight" { value = var.canary_weight }
output "url" { value = "https://shop.example.com" }
"#;

/// All defaults.
pub(super) fn options() -> Options {
    Options::new(Platform::GithubActions, Language::Python)
}

/// What is detected in a project of these files. Scripts are executable.
pub(super) fn detect(files: &[(&str, &str)], options: &Options) -> Detection {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let is_script = path.rsplit_once('.').is_some_and(|(_, extension)| extension == "sh");
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        #[cfg(unix)]
        if is_script {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    project::detect(root.path(), &pipeline::detection_options(options)).unwrap()
}

/// What is rendered for a project of these files.
pub(super) fn render(files: &[(&str, &str)], options: &Options) -> Result<Rendered, Diagnostics> {
    pipeline::render(options, &detect(files, options))
}

/// The only file of the pipeline of a project of these files.
#[track_caller]
pub(super) fn text(files: &[(&str, &str)], options: &Options) -> String {
    let rendered = render(files, options).unwrap_or_else(|problems| panic!("{problems}"));
    let artifacts: Vec<_> = rendered.artifacts.iter().collect();
    let [(_, artifact)] = artifacts.as_slice() else { panic!("{} files", artifacts.len()) };
    String::from_utf8(artifact.content.clone()).unwrap()
}
