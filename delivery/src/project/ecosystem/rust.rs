//! Rust: `Cargo.toml`.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Audit, Build, Coverage, Format, Lint, Test};
use crate::project::component::{
    Component, DependencySet, Language, PackageManager, Role, RuntimeVersion, Selector, TestKind, TestSuite,
    VersionKind,
};
use crate::project::text::{Node, lines};
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Rust],
    looked_for: "Cargo.toml",
    is_manifest: |name| name == "Cargo.toml",
    is_weak: |_| false,
    read,
};

const TOOLS: &[Known] = &[
    Known::new("cargo-audit", &[Audit], &[]).files(&["audit.toml"]),
    Known::new("cargo-deny", &[Audit, Lint], &[]).files(&["deny.toml", ".deny.toml"]),
    Known::new("cargo-dist", &[Build], &[]).files(&["dist.toml", "dist-workspace.toml"]).sections(&["dist"]),
    Known::new("cargo-test", &[Test], &[]),
    Known::new("clippy", &[Lint], &[]).files(&["clippy.toml", ".clippy.toml"]).sections(&["clippy"]),
    Known::new("nextest", &[Test], &[]).sections(&["nextest"]),
    Known::new("rustfmt", &[Format], &[]).files(&["rustfmt.toml", ".rustfmt.toml"]).sections(&["rustfmt"]),
    Known::new("tarpaulin", &[Coverage], &[]).files(&["tarpaulin.toml", ".tarpaulin.toml"]),
];

/// Every file directly in `tests` is a program of tests, and so is `main.rs` in a directory of it.
const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Integration };

fn is_test(path: &str) -> bool {
    let mut after = path.split('/').skip_while(|part| *part != "tests").skip(1);
    let is_source = path.starts_with("src/") || path.contains("/src/");
    walk::has_extension(path, &["rs"])
        && !is_source
        && matches!((after.next(), after.next(), after.next()), (Some(_), None | Some("main.rs"), None))
}

fn read(folder: &mut Folder<'_>) -> Component {
    let manifest = folder.toml("Cargo.toml");
    let has = |keys: &[&str]| manifest.as_ref().is_some_and(|node| node.at(keys).is_some());
    let is_workspace = has(&["workspace"]);
    let is_program =
        folder.has("src/main.rs") || has(&["bin"]) || folder.own_files().any(|path| path.starts_with("src/bin/"));
    let role = match (is_workspace && !has(&["package"]), is_program) {
        (true, _) => Role::Workspace,
        (false, true) => Role::Application,
        (false, false) => Role::Package,
    };
    let mut component = Component::new(folder.directory, Language::Rust, role);
    component.name = manifest.as_ref().and_then(|node| node.text_at(&["package", "name"])).map(str::to_owned);
    component.evidence = folder.presence("Cargo.toml", "Rust manifest").into_iter().collect();
    component.versions = runtime(folder, manifest.as_ref());
    let mut findings = Findings::new(TOOLS);
    findings.configuration(folder);
    tools(folder, manifest.as_ref(), &mut findings);
    let files: Vec<&str> = if is_workspace { folder.every_file().collect() } else { folder.own_files().collect() };
    let unit = unit_tests(folder, &files);
    let first = files.iter().find(|path| is_test(path)).map(|path| Evidence::file(folder.path(path), "test"));
    if let Some(evidence) = unit.as_ref().map(|suite| suite.evidence.clone()).or(first) {
        findings.tool("cargo-test", evidence);
    }
    findings.fill(&mut component);
    let evidence = Evidence::file(folder.path("Cargo.toml"), "Rust manifest");
    component.manager = Some(manager(PackageManager::Cargo, folder.nearest("Cargo.lock"), evidence));
    component.tests.extend(unit);
    suites::fill(folder, files.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// The versions of Rust: the toolchain that is pinned, and the oldest that the manifest accepts.
fn runtime(folder: &mut Folder<'_>, manifest: Option<&Node>) -> Vec<RuntimeVersion> {
    let toolchain = toolchain(folder);
    let channel = toolchain.as_ref().and_then(|(node, path)| Some((node.at(&["toolchain", "channel"])?, path)));
    let pin = channel.and_then(|(node, path)| {
        Some(versions::version("rust", node.text()?, VersionKind::Pinned, path, node.line, "channel"))
    });
    // Without a table, `rust-toolchain` is nothing but the name of a channel.
    let plain = if toolchain.is_some() { &[] } else { ["rust-toolchain"].as_slice() };
    let mut found: Vec<RuntimeVersion> =
        pin.into_iter().chain(versions::pinned(folder, "rust", plain, &["rust"])).collect();
    let required = manifest.and_then(|node| {
        let keys: &[&[&str]] = &[&["package", "rust-version"], &["workspace", "package", "rust-version"]];
        keys.iter().find_map(|keys| node.at(keys).filter(|node| node.text().is_some()))
    });
    found.extend(required.and_then(|node| {
        Some(versions::version(
            "rust",
            node.text()?,
            VersionKind::Required,
            &folder.path("Cargo.toml"),
            node.line,
            "rust-version",
        ))
    }));
    found
}

/// The nearest file that configures the toolchain with a table, and its path.
fn toolchain(folder: &mut Folder<'_>) -> Option<(Node, String)> {
    ["rust-toolchain.toml", "rust-toolchain"].iter().find_map(|name| {
        let path = folder.nearest(name)?;
        let is_table = folder.text_from_root(&path)?.contains("[toolchain]");
        is_table.then(|| folder.toml_from_root(&path)).flatten().map(|node| (node, path))
    })
}

/// Records the dependencies, and the tools that the manifest, the toolchain and cargo's own directory configure.
fn tools(folder: &mut Folder<'_>, manifest: Option<&Node>, findings: &mut Findings) {
    let path = folder.path("Cargo.toml");
    let at = |keys: &[&str]| manifest.and_then(|node| node.at(keys));
    for (keys, set) in [
        (["dependencies"].as_slice(), DependencySet::Main),
        (&["dev-dependencies"], DependencySet::Group("dev".to_owned())),
        (&["build-dependencies"], DependencySet::Group("build".to_owned())),
    ] {
        if at(keys).is_some() {
            findings.set(set);
        }
    }
    for keys in [["lints", "clippy"].as_slice(), &["workspace", "lints", "clippy"]] {
        if let Some(node) = at(keys) {
            findings.section("clippy", &Evidence::at(path.as_str(), node.line, "lints"));
        }
    }
    if let Some(node) = at(&["workspace", "metadata", "dist"]) {
        findings.section("dist", &Evidence::at(path.as_str(), node.line, "metadata"));
    }
    if let Some(evidence) = folder.presence(".config/nextest.toml", "configuration") {
        findings.section("nextest", &evidence);
    }
    if let Some((node, path)) = toolchain(folder) {
        for item in node.at(&["toolchain", "components"]).map(Node::items).unwrap_or_default() {
            findings.section(
                item.text().unwrap_or_default(),
                &Evidence::at(path.as_str(), item.line, "component of the toolchain"),
            );
        }
    }
}

/// The tests among the sources: one suite, of the directory that holds the first test.
fn unit_tests(folder: &mut Folder<'_>, files: &[&str]) -> Option<TestSuite> {
    let is_source = |path: &&&str| walk::has_extension(path, &["rs"]) && path.split('/').any(|part| part == "src");
    files.iter().filter(is_source).find_map(|path| {
        let text = folder.text(path)?;
        let (line, _) = lines(&text).find(|(_, line)| line.trim_start().starts_with("#[cfg(test)]"))?;
        let evidence = Evidence::at(folder.path(path), line, "#[cfg(test)]");
        // A suite is all that `cargo test --lib --bins` runs, wherever in the component it stands.
        Some(TestSuite { kind: TestKind::Unit, selector: Selector::Path(".".to_owned()), evidence })
    })
}
