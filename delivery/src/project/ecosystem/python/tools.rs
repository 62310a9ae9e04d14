//! The tools of Python projects.

use super::super::folder::Folder;
use super::super::tools::{Findings, Known};
use super::Manifests;
use crate::project::Evidence;
use crate::project::component::Purpose::{
    Audit, Build, Coverage, Format, Framework, Lint, Runner, Sast, Test, TypeCheck,
};
use crate::project::text::{Node, lines};
use crate::project::walk::name;

pub(super) const TOOLS: &[Known] = &[
    Known::new("bandit", &[Sast], &["bandit"]).files(&[".bandit", "bandit.yml", "bandit.yaml"]).sections(&["bandit"]),
    Known::new("basedpyright", &[TypeCheck], &["basedpyright"]).sections(&["basedpyright"]),
    Known::new("black", &[Format], &["black"]).sections(&["black"]),
    Known::new("build", &[Build], &["build"]),
    Known::new("coverage", &[Coverage], &["coverage"]).files(&[".coveragerc"]).sections(&["coverage"]),
    Known::new("django", &[Framework], &["django"]),
    Known::new("fastapi", &[Framework], &["fastapi"]),
    Known::new("flake8", &[Lint], &["flake8"]).files(&[".flake8"]).sections(&["flake8"]),
    Known::new("flask", &[Framework], &["flask"]),
    Known::new("hatch", &[Build, Runner], &["hatch"]).files(&["hatch.toml"]),
    Known::new("isort", &[Format], &["isort"]).files(&[".isort.cfg"]).sections(&["isort"]),
    Known::new("mypy", &[TypeCheck], &["mypy"]).files(&["mypy.ini", ".mypy.ini"]).sections(&["mypy"]),
    Known::new("nox", &[Runner], &["nox"]).files(&["noxfile.py"]),
    Known::new("pip-audit", &[Audit], &["pip-audit"]),
    Known::new("pylint", &[Lint], &["pylint"])
        .files(&["pylintrc", ".pylintrc", "pylintrc.toml", ".pylintrc.toml"])
        .sections(&["pylint"]),
    Known::new("pyright", &[TypeCheck], &["pyright"]).files(&["pyrightconfig.json"]).sections(&["pyright"]),
    Known::new("pytest", &[Test], &["pytest"])
        .files(&["pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"])
        .sections(&["pytest"]),
    Known::new("pytest-cov", &[Coverage], &["pytest-cov"]),
    Known::new("ruff", &[Lint, Format], &["ruff"]).files(&["ruff.toml", ".ruff.toml"]).sections(&["ruff"]),
    Known::new("safety", &[Audit], &["safety"]).files(&[".safety-project.ini", ".safety-policy.yml"]),
    Known::new("tox", &[Runner], &["tox"]).files(&["tox.toml"]).sections(&["tox", "testenv"]),
    Known::new("ty", &[TypeCheck], &["ty"]).files(&["ty.toml"]).sections(&["ty"]),
    Known::new("unittest", &[Test], &[]),
    Known::new("yapf", &[Format], &["yapf"]).files(&[".style.yapf"]).sections(&["yapf"]),
];

/// Records the tools that files and sections configure.
pub(super) fn read(folder: &mut Folder<'_>, manifests: &Manifests, findings: &mut Findings) {
    findings.configuration(folder);
    let path = folder.path("pyproject.toml");
    for (name, node) in manifests.pyproject(&["tool"]).into_iter().flat_map(Node::entries) {
        findings.section(name, &Evidence::at(path.as_str(), node.line, format!("[tool.{name}]")));
    }
    // The table of Hatch also configures the build backend, which needs no Hatch.
    if let Some(environments) = manifests.pyproject(&["tool", "hatch", "envs"]) {
        findings.tool("hatch", Evidence::at(path.as_str(), environments.line, "[tool.hatch.envs]"));
    }
    for (file, ini) in &manifests.inis {
        for section in ini.sections() {
            // `tool:pytest` and `coverage:run` name the tool on different sides.
            let name = section.name.trim_start_matches("tool:").split(':').next().unwrap_or_default();
            findings.section(name, &Evidence::at(folder.path(file), section.line, format!("[{}]", section.name)));
        }
    }
    coverage(folder, manifests, findings);
    let script = folder.own_files().find(|path| name(path) == "manage.py");
    if let Some((path, text)) = script.and_then(|path| Some((path, folder.text(path)?)))
        && let Some((line, _)) = lines(&text).find(|(_, line)| line.contains("django"))
    {
        findings.tool("django", Evidence::at(folder.path(path), line, "manage.py of Django"));
    }
}

/// Records the plugin that pytest's own options need: with `--cov` among them, pytest does not start without it.
fn coverage(folder: &Folder<'_>, manifests: &Manifests, findings: &mut Findings) {
    let keys: [&[&str]; 2] = [&["tool", "pytest", "ini_options", "addopts"], &["tool", "pytest", "addopts"]];
    let settings = keys.iter().filter_map(|keys| manifests.pyproject(keys)).flat_map(|node| {
        let options = node.items().iter().chain([node]).filter_map(Node::text);
        options.map(|text| ("pyproject.toml", node.line, text)).collect::<Vec<_>>()
    });
    let inis = manifests.pytest_entries("addopts").map(|(file, line, text)| (file, Some(line), text));
    for (file, line, text) in settings.chain(inis) {
        if text.split_whitespace().any(|option| option.starts_with("--cov")) {
            findings.tool("pytest-cov", Evidence::at(folder.path(file), line, "addopts"));
        }
    }
}
