//! Go: `go.mod` and `go.work`.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Audit, Build, Lint, Sast, Test};
use crate::project::component::{
    Component, DependencySet, Language, PackageManager, Role, Selector, TestKind, TestSuite, VersionKind,
};
use crate::project::text::lines;
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Go],
    looked_for: "go.mod, go.work",
    is_manifest: |name| MANIFESTS.contains(&name),
    is_weak: |_| false,
    read,
};

const MANIFESTS: &[&str] = &["go.mod", "go.work"];

const TOOLS: &[Known] = &[
    Known::new("ginkgo", &[Test], &["github.com/onsi/ginkgo/v2", "github.com/onsi/ginkgo"]),
    Known::new(
        "golangci-lint",
        &[Lint],
        &["github.com/golangci/golangci-lint", "github.com/golangci/golangci-lint/v2"],
    )
    .files(&[".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"]),
    Known::new("goreleaser", &[Build], &["github.com/goreleaser/goreleaser/v2"]).files(&[
        ".goreleaser.yml",
        ".goreleaser.yaml",
        "goreleaser.yml",
        "goreleaser.yaml",
    ]),
    Known::new("gosec", &[Sast], &["github.com/securego/gosec/v2"]),
    Known::new("govulncheck", &[Audit], &["golang.org/x/vuln"]),
    Known::new("go-test", &[Test], &[]),
    Known::new("staticcheck", &[Lint], &["honnef.co/go/tools"]).files(&["staticcheck.conf"]),
];

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

fn is_test(path: &str) -> bool {
    path.ends_with("_test.go") && !path.split('/').any(|part| part == "testdata")
}

fn read(folder: &mut Folder<'_>) -> Component {
    let mut component = Component::new(folder.directory, Language::Go, role(folder));
    component.evidence = MANIFESTS.iter().filter_map(|name| folder.presence(name, "Go manifest")).collect();
    component.versions = versions::pinned(folder, "go", &[".go-version"], &["go", "golang"]);
    let mut findings = Findings::new(TOOLS);
    for manifest in MANIFESTS {
        read_manifest(folder, manifest, &mut component, &mut findings);
    }
    component.versions.sort_by_key(|version| version.kind);
    findings.configuration(folder);
    if let Some(test) = folder.own_files().find(|path| is_test(path)) {
        findings.tool("go-test", Evidence::file(folder.path(test), "test"));
    }
    findings.fill(&mut component);
    let lock = if folder.has("go.sum") { Some(folder.path("go.sum")) } else { folder.nearest("go.work.sum") };
    let manifest = if folder.has("go.mod") { "go.mod" } else { "go.work" };
    component.manager = Some(manager(PackageManager::Go, lock, Evidence::file(folder.path(manifest), "Go manifest")));
    let tests = sources(folder).into_iter().filter(|path| is_test(path)).collect();
    component.tests = build_tags(folder, tests);
    suites::fill(folder, sources(folder).into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// The files of the component, with those of its members when it is a workspace.
fn sources<'a>(folder: &Folder<'a>) -> Vec<&'a str> {
    if folder.has("go.work") { folder.every_file().collect() } else { folder.own_files().collect() }
}

/// A program shows by `main.go` in the directory or a directory below `cmd`.
fn role(folder: &Folder<'_>) -> Role {
    if !folder.has("go.mod") {
        return Role::Workspace;
    }
    let is_program = folder
        .own_files()
        .any(|path| path == "main.go" || (path.starts_with("cmd/") && walk::has_extension(path, &["go"])));
    if is_program { Role::Application } else { Role::Package }
}

/// Records what the directives of a manifest say.
fn read_manifest(folder: &mut Folder<'_>, manifest: &str, component: &mut Component, findings: &mut Findings) {
    let text = folder.text(manifest).unwrap_or_default();
    let path = folder.path(manifest);
    for (line, directive, argument) in directives(&text) {
        let version = |spec: &str, kind| versions::version("go", spec, kind, &path, line, directive);
        match directive {
            "module" => component.name = Some(argument.trim_matches('"').to_owned()),
            "go" => component.versions.push(version(argument, VersionKind::Required)),
            "toolchain" => component.versions.push(version(argument.trim_start_matches("go"), VersionKind::Pinned)),
            "require" => findings.dependency(argument, &DependencySet::Main, &path, Some(line)),
            "tool" => {
                if let Some(module) = known_module(argument) {
                    findings.dependency(module, &DependencySet::Group("tool".to_owned()), &path, Some(line));
                }
            }
            _ => {}
        }
    }
}

/// The directives of a manifest with their first arguments: those on one line, and those in blocks once per line.
fn directives(text: &str) -> Vec<(u32, &str, &str)> {
    let mut found = Vec::new();
    let mut block = None;
    for (line, text) in lines(text) {
        let mut words = text.split("//").next().unwrap_or_default().split_whitespace();
        match (block, words.next(), words.next()) {
            (Some(_), Some(")"), _) => block = None,
            (None, Some(directive), Some("(")) => block = Some(directive),
            (Some(directive), Some(argument), _) | (None, Some(directive), Some(argument)) => {
                found.push((line, directive, argument));
            }
            _ => {}
        }
    }
    found
}

/// The module of a known tool that a package belongs to. The longest name that fits is the module itself, for `gosec`
/// would also fit a package of `gosec/v2`.
fn known_module(package: &str) -> Option<&'static str> {
    let holds =
        |module: &&&str| package.strip_prefix(**module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    TOOLS.iter().flat_map(|known| known.packages).filter(holds).max_by_key(|module| module.len()).copied()
}

/// The suites that build tags select, such as `//go:build integration`.
fn build_tags(folder: &mut Folder<'_>, tests: Vec<&str>) -> Vec<TestSuite> {
    let mut found: Vec<TestSuite> = Vec::new();
    for path in tests {
        let text = folder.text(path).unwrap_or_default();
        let constraint = lines(&text)
            .take_while(|(_, line)| !line.starts_with("package "))
            .find(|(_, line)| line.starts_with("//go:build "));
        let Some((line, constraint)) = constraint else { continue };
        let words = constraint["//go:build ".len()..].split(|c: char| !(c.is_alphanumeric() || "_.!".contains(c)));
        for word in words {
            let selector = Selector::Marker(word.to_owned());
            if let Some(kind) = suites::kind_of(word)
                && !found.iter().any(|suite| suite.selector == selector)
            {
                found.push(TestSuite { kind, selector, evidence: Evidence::at(folder.path(path), line, "build tag") });
            }
        }
    }
    found
}
