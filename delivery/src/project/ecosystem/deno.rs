//! Deno: `deno.json` and `deno.jsonc`.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Format, Framework, Lint, Test};
use crate::project::component::{Component, DependencySet, Language, PackageManager, Role, TestKind};
use crate::project::text::Node;
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Deno],
    looked_for: "deno.json, deno.jsonc",
    is_manifest: |name| MANIFESTS.contains(&name),
    is_weak: |_| false,
    read,
};

const MANIFESTS: &[&str] = &["deno.json", "deno.jsonc"];

const TOOLS: &[Known] = &[
    Known::new("deno-fmt", &[Format], &[]).sections(&["fmt"]),
    Known::new("deno-lint", &[Lint], &[]).sections(&["lint"]),
    Known::new("deno-test", &[Test], &[]).sections(&["test"]),
    Known::new("fresh", &[Framework], &["fresh", "$fresh/", "fresh/"]),
];

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

/// Whether `deno test` collects a file.
fn is_test(path: &str) -> bool {
    let stem = walk::name(path).rsplit_once('.').map_or("", |(stem, _)| stem);
    let is_named = ["_test", ".test"].iter().any(|end| stem.ends_with(end)) || stem == "test";
    is_named && walk::has_extension(path, &["ts", "tsx", "mts", "js", "jsx", "mjs"])
}

fn read(folder: &mut Folder<'_>) -> Component {
    let file = if folder.has(MANIFESTS[0]) { MANIFESTS[0] } else { MANIFESTS[1] };
    let path = folder.path(file);
    let manifest = folder.jsonc_from_root(&path);
    let at = |keys: &[&str]| manifest.as_ref().and_then(|node| node.at(keys));
    let is_workspace = at(&["workspace"]).is_some();
    let role = match (is_workspace, at(&["exports"]).is_some()) {
        (_, true) => Role::Package,
        (true, false) => Role::Workspace,
        (false, false) => Role::Application,
    };
    let mut component = Component::new(folder.directory, Language::Deno, role);
    component.name = at(&["name"]).and_then(Node::text).map(str::to_owned);
    component.evidence = vec![Evidence::file(path.as_str(), "Deno manifest")];
    component.versions = versions::pinned(folder, "deno", &[".dvmrc", ".deno-version"], &["deno"]);
    let mut findings = Findings::new(TOOLS);
    for (section, node) in manifest.iter().flat_map(Node::entries) {
        findings.section(section, &Evidence::at(path.as_str(), node.line, section));
    }
    for (package, node) in at(&["imports"]).into_iter().flat_map(Node::entries) {
        findings.dependency(package, &DependencySet::Main, &path, node.line);
    }
    let files: Vec<&str> = if is_workspace { folder.every_file().collect() } else { folder.own_files().collect() };
    if let Some(test) = files.iter().find(|path| is_test(path)) {
        findings.tool("deno-test", Evidence::file(folder.path(test), "test"));
    }
    findings.fill(&mut component);
    let lock = folder.nearest("deno.lock");
    component.manager = Some(manager(PackageManager::Deno, lock, Evidence::file(path.as_str(), "Deno manifest")));
    component.commands.extend(commands::scripts("deno", &path, at(&["tasks"])));
    suites::fill(folder, files.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}
