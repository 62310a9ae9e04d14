//! Scripts, Ansible, monitoring, and files that tell tools how to treat the repository.

use super::{Policy, Script};
use crate::project::Evidence;
use crate::project::walk::{Tree, has_extension, is_yaml, name};

/// Files in the root and the tools they speak to.
const POLICIES: &[(&str, &str)] = &[
    (".dockerignore", "docker"),
    (".editorconfig", "editorconfig"),
    (".gitleaks.toml", "gitleaks"),
    (".gitleaksignore", "gitleaks"),
    (".hadolint.yaml", "hadolint"),
    (".hadolint.yml", "hadolint"),
    (".pre-commit-config.yaml", "pre-commit"),
    (".pre-commit-config.yml", "pre-commit"),
    (".semgrepignore", "semgrep"),
    (".tflint.hcl", "tflint"),
    (".trivyignore", "trivy"),
    (".yamllint", "yamllint"),
    (".yamllint.yml", "yamllint"),
    ("codecov.yml", "codecov"),
    ("sonar-project.properties", "sonar"),
    ("trivy.yaml", "trivy"),
];

/// Files of monitoring, by the start of their names.
const MONITORING: &[(&str, &str)] = &[
    ("alertmanager", "Alertmanager"),
    ("datadog", "Datadog"),
    ("grafana", "Grafana"),
    ("loki", "Loki"),
    ("otel", "OpenTelemetry"),
    ("prometheus", "Prometheus"),
    ("promtail", "Promtail"),
    ("sentry", "Sentry"),
    ("tempo", "Tempo"),
];

/// Directories whose configuration files are about monitoring.
const MONITORING_DIRECTORIES: &[&str] =
    &["alerting", "alerts", "dashboards", "grafana", "monitoring", "observability", "prometheus"];

/// Directories whose files are scripts whatever their names.
const SCRIPT_DIRECTORIES: &[&str] = &["bin", "script", "scripts"];

/// The files that tell tools how to treat the repository, sorted.
pub(super) fn policies(tree: &Tree) -> Vec<Policy> {
    let there = POLICIES.iter().filter(|(path, _)| tree.has(path));
    there.map(|(path, tool)| Policy { tool: (*tool).to_owned(), path: (*path).to_owned() }).collect()
}

/// Scripts: files for a shell, and every executable file under `scripts/` and `bin/`.
pub(super) fn scripts(tree: &Tree) -> Vec<Script> {
    let is_script = |path: &&str| {
        let is_shell = has_extension(path, &["sh", "bash"]);
        let is_placed = path.split('/').rev().skip(1).any(|part| SCRIPT_DIRECTORIES.contains(&part));
        is_shell || (is_placed && tree.is_executable(path))
    };
    let script = |path: &str| Script { path: path.to_owned(), executable: tree.is_executable(path) };
    tree.files().filter(is_script).map(script).collect()
}

/// The files of Ansible.
pub(super) fn ansible(tree: &Tree) -> Vec<Evidence> {
    let what = |path: &str| match name(path) {
        "ansible.cfg" => Some("configuration"),
        "site.yml" | "site.yaml" | "playbook.yml" | "playbook.yaml" => Some("playbook"),
        file if is_yaml(file) && in_directory(path, &["playbooks"]) => Some("playbook"),
        "requirements.yml" | "requirements.yaml" if in_directory(path, &["ansible", "roles", "collections"]) => {
            Some("requirements")
        }
        "main.yml" | "main.yaml" if path.ends_with("/tasks/main.yml") || path.ends_with("/tasks/main.yaml") => {
            Some("role")
        }
        _ => None,
    };
    tree.files().filter_map(|path| what(path).map(|what| Evidence::file(path, what))).collect()
}

/// The files that configure monitoring and alerting.
pub(super) fn monitoring(tree: &Tree) -> Vec<Evidence> {
    let what = |path: &str| {
        let file = name(path).to_ascii_lowercase();
        let is_config = is_yaml(&file) || has_extension(&file, &["json", "toml", "ini", "jsonnet"]);
        let named = MONITORING.iter().find(|(start, _)| file.starts_with(start)).map(|(_, tool)| *tool);
        let placed = in_directory(path, MONITORING_DIRECTORIES).then_some("in a directory of monitoring");
        named.or(placed).filter(|_| is_config)
    };
    tree.files().filter_map(|path| what(path).map(|what| Evidence::file(path, what))).collect()
}

fn in_directory(path: &str, names: &[&str]) -> bool {
    path.split('/').rev().skip(1).any(|part| names.contains(&part))
}
