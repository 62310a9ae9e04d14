//! Node.js and Bun: `package.json`, with the lock file deciding the package manager.

mod tools;

use super::tools::Findings;
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::{
    Component, DependencySet, Language, Manager, PackageManager, Role, RuntimeVersion, TestKind, VersionKind,
};
use crate::project::text::Node;
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Node],
    looked_for: "package.json",
    is_manifest: |name| name == "package.json",
    is_weak: |_| false,
    read,
};

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

/// The package managers by lock file, in the order in which one wins over another.
const LOCKS: &[(&str, PackageManager)] = &[
    ("pnpm-lock.yaml", PackageManager::Pnpm),
    ("yarn.lock", PackageManager::Yarn),
    ("bun.lock", PackageManager::Bun),
    ("bun.lockb", PackageManager::Bun),
    ("package-lock.json", PackageManager::Npm),
    ("npm-shrinkwrap.json", PackageManager::Npm),
];

/// Where dependencies stand in a manifest, with the set they make up.
const SETS: &[(&str, &str)] = &[
    ("dependencies", ""),
    ("devDependencies", "dev"),
    ("optionalDependencies", "optional"),
    ("peerDependencies", "peer"),
];

fn read(folder: &mut Folder<'_>) -> Component {
    let manifest = folder.json("package.json");
    let path = folder.path("package.json");
    let at = |keys: &[&str]| manifest.as_ref().and_then(|node| node.at(keys));
    let is_workspace = at(&["workspaces"]).is_some() || folder.has("pnpm-workspace.yaml");
    let mut component = Component::new(folder.directory, Language::Node, role(manifest.as_ref(), is_workspace));
    component.name = at(&["name"]).and_then(Node::text).map(str::to_owned);
    component.evidence = folder.presence("package.json", "Node manifest").into_iter().collect();
    component.versions = runtime(folder, manifest.as_ref());
    component.manager = Some(package_manager(folder, manifest.as_ref()));
    let mut findings = Findings::new(tools::TOOLS);
    for (key, group) in SETS {
        let set = if group.is_empty() { DependencySet::Main } else { DependencySet::Group((*group).to_owned()) };
        for (package, node) in at(&[key]).into_iter().flat_map(Node::entries) {
            findings.dependency(package, &set, &path, node.line);
        }
    }
    for (section, node) in manifest.iter().flat_map(Node::entries) {
        findings.section(section, &Evidence::at(path.as_str(), node.line, section));
    }
    findings.configuration(folder);
    runner(folder, at(&["scripts", "test"]), &mut findings);
    findings.fill(&mut component);
    let runner = component.manager.as_ref().map_or("npm", |manager| manager.name.as_str());
    component.commands = commands::scripts(runner, &path, at(&["scripts"])).collect();
    let files: Vec<&str> = if is_workspace { folder.every_file().collect() } else { folder.own_files().collect() };
    suites::fill(folder, files.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// What the manifest is for. One with nothing to start, build or publish and no dependency but for development holds tools.
fn role(manifest: Option<&Node>, is_workspace: bool) -> Role {
    let has = |keys: &[&str]| manifest.is_some_and(|node| node.at(keys).is_some());
    let has_entries =
        |key: &str| manifest.and_then(|node| node.get(key)).is_some_and(|node| node.entries().next().is_some());
    let is_private = manifest.and_then(|node| node.text_at(&["private"])) == Some("true");
    let is_entry = ["main", "module", "exports", "bin", "browser"].iter().any(|key| has(&[key]));
    let is_run = ["start", "build", "serve", "preview"].iter().any(|script| has(&["scripts", script]));
    match () {
        () if manifest.is_none() => Role::Application,
        () if is_entry && has(&["name"]) && has(&["version"]) && !is_private => Role::Package,
        () if is_entry || is_run || has_entries("dependencies") => Role::Application,
        () if is_workspace => Role::Workspace,
        () => Role::Settings,
    }
}

/// The versions of Node.js that are asked for.
fn runtime(folder: &mut Folder<'_>, manifest: Option<&Node>) -> Vec<RuntimeVersion> {
    let mut found = versions::pinned(folder, "node", &[".nvmrc", ".node-version"], &["node", "nodejs"]);
    let path = folder.path("package.json");
    for (keys, runtime, kind) in [
        (["volta", "node"], "node", VersionKind::Pinned),
        (["engines", "node"], "node", VersionKind::Required),
        (["engines", "bun"], "bun", VersionKind::Required),
    ] {
        let spec = manifest.and_then(|node| node.at(&keys)).and_then(|node| Some((node.line, node.text()?)));
        found.extend(spec.map(|(line, spec)| versions::version(runtime, spec, kind, &path, line, keys[0])));
    }
    found
}

/// The package manager: by `packageManager`, by lock file in the directory, by lock file of a workspace above, and otherwise npm.
fn package_manager(folder: &mut Folder<'_>, manifest: Option<&Node>) -> Manager {
    let locks: Vec<_> = LOCKS.iter().filter(|(file, _)| folder.has(file)).collect();
    let lock_of = |folder: &Folder<'_>, name| {
        LOCKS.iter().filter(|(_, of)| *of == name).find_map(|(file, _)| folder.nearest(file))
    };
    let field = manifest.and_then(|node| node.get("packageManager")).and_then(|node| Some((node.line, node.text()?)));
    let named = field.and_then(|(line, text)| {
        let (name, version) = text.split_once('@').unwrap_or((text, ""));
        let name = LOCKS.iter().map(|(_, manager)| *manager).find(|manager| manager.as_str() == name)?;
        // After the version a digest can follow, as in `9.1.0+sha512.ab`.
        let version = version.split('+').next().filter(|version| !version.is_empty()).map(str::to_owned);
        Some((name, version, Evidence::at(folder.path("package.json"), line, "packageManager")))
    });
    let wins = named.as_ref().map(|(name, ..)| *name).or(locks.first().map(|(_, name)| *name));
    for (file, name) in &locks {
        if wins.is_some_and(|wins| wins != *name) {
            let wins = wins.as_ref().map_or("", PackageManager::as_str);
            folder.note(
                file,
                None,
                format!("is a lock file of {name}, but the package manager is {wins}; remove it if it is not used"),
            );
        }
    }
    if let Some((name, version, evidence)) = named {
        return Manager { name, lock: lock_of(folder, name), version, wrapper: None, evidence };
    }
    let above = || LOCKS.iter().find_map(|(file, name)| folder.nearest(file).map(|path| (*name, path)));
    let lock = locks.first().map(|(file, name)| (*name, folder.path(file))).or_else(above);
    let Some((name, path)) = lock else {
        let evidence = Evidence::file(folder.path("package.json"), "no sign of another package manager");
        return manager(PackageManager::Npm, None, evidence);
    };
    manager(name, Some(path.clone()), Evidence::file(path, "lock file"))
}

/// Records the test runners that come with the runtime, which show in the script `test` alone.
fn runner(folder: &Folder<'_>, script: Option<&Node>, findings: &mut Findings) {
    let Some((node, text)) = script.and_then(|node| Some((node, node.text()?))) else { return };
    let evidence = Evidence::at(folder.path("package.json"), node.line, "script test");
    if text.contains("node --test") || text.contains("node:test") {
        findings.tool("node-test", evidence);
    } else if text.contains("bun test") {
        findings.tool("bun-test", evidence);
    }
}

/// Whether a file is a test by the patterns that the common runners share.
fn is_test(path: &str) -> bool {
    let name = walk::name(path);
    let stem = name
        .rsplit_once('.')
        .filter(|(_, extension)| ["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"].contains(extension));
    let Some((stem, _)) = stem else { return false };
    let is_named = [".test", ".spec", "-test", "-spec", ".cy", ".e2e"].iter().any(|end| stem.ends_with(end));
    is_named || path.split('/').rev().skip(1).any(|part| part == "__tests__")
}
