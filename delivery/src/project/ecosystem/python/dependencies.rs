//! Where a Python project declares what it depends on.

use super::super::folder::Folder;
use super::super::tools::Findings;
use super::Manifests;
use crate::project::Evidence;
use crate::project::component::DependencySet;
use crate::project::text::{Node, lines};
use crate::project::walk;

/// Records the dependencies of all manifests.
pub(super) fn read(folder: &mut Folder<'_>, manifests: &Manifests, findings: &mut Findings) {
    if let Some(pyproject) = &manifests.pyproject {
        let path = folder.path("pyproject.toml");
        standard(pyproject, &path, findings);
        of_tools(pyproject, &path, findings);
    }
    if let Some(pipfile) = &manifests.pipfile {
        let path = folder.path("Pipfile");
        let is_group = |name: &str| !matches!(name, "requires" | "source" | "pipenv" | "scripts");
        for (name, packages) in pipfile.entries().filter(|(name, _)| is_group(name)) {
            let set = match name {
                "packages" => DependencySet::Main,
                "dev-packages" => DependencySet::Group("dev".to_owned()),
                other => DependencySet::Group(other.to_owned()),
            };
            table(packages, &set, &path, findings);
        }
    }
    setup_cfg(folder, manifests, findings);
    requirements(folder, findings);
}

/// The tables that every tool reads: `[project]` and `[dependency-groups]`.
fn standard(pyproject: &Node, path: &str, findings: &mut Findings) {
    if let Some(node) = pyproject.at(&["project", "dependencies"]) {
        list(node, &DependencySet::Main, path, findings);
    }
    for (name, node) in pyproject.at(&["project", "optional-dependencies"]).into_iter().flat_map(Node::entries) {
        list(node, &DependencySet::Extra(name.to_owned()), path, findings);
    }
    for (name, node) in pyproject.get("dependency-groups").into_iter().flat_map(Node::entries) {
        list(node, &DependencySet::Group(name.to_owned()), path, findings);
    }
}

/// The tables of uv, Poetry, PDM and Hatch.
fn of_tools(pyproject: &Node, path: &str, findings: &mut Findings) {
    let dev = DependencySet::Group("dev".to_owned());
    let at = |keys: &[&str]| pyproject.at(keys);
    if let Some(node) = at(&["tool", "uv", "dev-dependencies"]) {
        list(node, &dev, path, findings);
    }
    for (name, node) in at(&["tool", "pdm", "dev-dependencies"]).into_iter().flat_map(Node::entries) {
        list(node, &DependencySet::Group(name.to_owned()), path, findings);
    }
    if let Some(node) = at(&["tool", "poetry", "dependencies"]) {
        table(node, &DependencySet::Main, path, findings);
    }
    if let Some(node) = at(&["tool", "poetry", "dev-dependencies"]) {
        table(node, &dev, path, findings);
    }
    for (name, group) in at(&["tool", "poetry", "group"]).into_iter().flat_map(Node::entries) {
        if let Some(node) = group.get("dependencies") {
            table(node, &DependencySet::Group(name.to_owned()), path, findings);
        }
    }
    // Environments of Hatch are made by Hatch alone, so their packages are no dependencies of the project.
    for (_, environment) in at(&["tool", "hatch", "envs"]).into_iter().flat_map(Node::entries) {
        for key in ["dependencies", "extra-dependencies"] {
            for item in environment.get(key).map(Node::items).unwrap_or_default() {
                if let Some(name) = item.text().and_then(package) {
                    findings.mention(&name, &Evidence::at(path, item.line, "environment of hatch"));
                }
            }
        }
    }
}

/// A list of requirements; references to other groups are passed over, for those are read themselves.
fn list(node: &Node, set: &DependencySet, path: &str, findings: &mut Findings) {
    findings.set(set.clone());
    for item in node.items() {
        if let Some(name) = item.text().and_then(package) {
            findings.dependency(&name, set, path, item.line);
        }
    }
}

/// A table from names to versions.
fn table(node: &Node, set: &DependencySet, path: &str, findings: &mut Findings) {
    findings.set(set.clone());
    for (name, version) in node.entries() {
        if let Some(name) = package(name) {
            findings.dependency(&name, set, path, version.line);
        }
    }
}

fn setup_cfg(folder: &Folder<'_>, manifests: &Manifests, findings: &mut Findings) {
    let path = folder.path("setup.cfg");
    let mut entry = |set: &DependencySet, values: &[(u32, String)]| {
        findings.set(set.clone());
        // Several requirements can share a line; a condition after one is then taken for a package that nobody knows.
        for (line, text) in values.iter().flat_map(|(line, text)| text.split(';').map(move |part| (*line, part))) {
            if let Some(name) = package(text) {
                findings.dependency(&name, set, &path, Some(line));
            }
        }
    };
    if let Some(requires) = manifests.setup_cfg("options").and_then(|section| section.get("install_requires")) {
        entry(&DependencySet::Main, &requires.values);
    }
    for extra in manifests.setup_cfg("options.extras_require").into_iter().flat_map(|section| &section.entries) {
        entry(&DependencySet::Extra(extra.key.clone()), &extra.values);
    }
}

/// Requirements files: `requirements*.txt`, `*requirements.txt`, and every file of `requirements/`.
fn requirements(folder: &mut Folder<'_>, findings: &mut Findings) {
    let files: Vec<&str> = folder.own_files().filter(|path| is_requirements(path)).collect();
    for file in files {
        let path = folder.path(file);
        let set = DependencySet::File(path.clone());
        findings.set(set.clone());
        let text = folder.text(file).unwrap_or_default();
        for (line, text) in lines(&text) {
            if let Some(name) = package(text) {
                findings.dependency(&name, &set, &path, Some(line));
            }
        }
    }
}

fn is_requirements(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".txt") else { return false };
    let is_named = !stem.contains('/') && (stem.starts_with("requirements") || stem.ends_with("requirements"));
    is_named || walk::parent(path) == "requirements"
}

/// The normalised name of the package that a requirement asks for; none for options, comments, paths and addresses.
pub(super) fn package(requirement: &str) -> Option<String> {
    let requirement = requirement.trim();
    let end =
        requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric()) && !rest.starts_with([':', '/']);
    is_name.then(|| name.to_ascii_lowercase().replace(['_', '.'], "-"))
}
