//! .NET: solutions (`*.sln`, `*.slnx`) and projects (`*.csproj`, `*.fsproj`, `*.vbproj`).

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Coverage, Format, Lint, Test};
use crate::project::component::{
    Component, DependencySet, Language, PackageManager, Role, RuntimeVersion, TestKind, VersionKind,
};
use crate::project::text::{Element, elements};
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Dotnet],
    looked_for: "*.sln, *.slnx, *.csproj, *.fsproj, *.vbproj",
    is_manifest,
    is_weak: |_| false,
    read,
};

const SOLUTIONS: &[&str] = &[".sln", ".slnx"];
const PROJECTS: &[&str] = &[".csproj", ".fsproj", ".vbproj"];

const TOOLS: &[Known] = &[
    Known::new("coverlet", &[Coverage], &["coverlet.collector", "coverlet.msbuild"]),
    Known::new("csharpier", &[Format], &["CSharpier.MsBuild", "csharpier"]).files(&[".csharpierrc*"]),
    Known::new("dotnet-format", &[Format, Lint], &[]).files(&[".editorconfig"]),
    Known::new("dotnet-test", &[Test], &["Microsoft.NET.Test.Sdk"]),
    Known::new("mstest", &[Test], &["MSTest", "MSTest.TestFramework"]),
    Known::new("nunit", &[Test], &["NUnit"]),
    Known::new("stylecop", &[Lint], &["StyleCop.Analyzers"]).files(&["stylecop.json"]),
    Known::new("xunit", &[Test], &["xunit", "xunit.v3"]),
];

const RULES: suites::Rules =
    suites::Rules { is_test: |path| is_project(walk::name(path)) && has_test_name(path), default: TestKind::Unit };

fn is_manifest(name: &str) -> bool {
    is_solution(name) || is_project(name)
}

fn is_solution(name: &str) -> bool {
    SOLUTIONS.iter().any(|extension| name.ends_with(extension))
}

fn is_project(name: &str) -> bool {
    PROJECTS.iter().any(|extension| name.ends_with(extension))
}

/// Whether a project holds tests, by convention: the last parts of its name say so, as in `Shop.IntegrationTests.csproj`.
fn has_test_name(path: &str) -> bool {
    let name = walk::name(path).to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    stem.ends_with("test") || stem.ends_with("tests")
}

fn read(folder: &mut Folder<'_>) -> Component {
    let manifests: Vec<&str> = folder.names().filter(|name| is_manifest(name)).collect();
    let solution = manifests.iter().find(|name| is_solution(name));
    let first = solution.or(manifests.first()).copied().unwrap_or_default();
    // A solution stands for the projects below it.
    let projects: Vec<&str> = if solution.is_some() {
        folder.every_file().collect()
    } else {
        folder.own_files().filter(|path| !path.contains('/')).collect()
    };
    let projects: Vec<&str> = projects.into_iter().filter(|path| is_project(path)).collect();
    let mut findings = Findings::new(TOOLS);
    let mut found = versions(folder);
    let mut is_program = false;
    for project in &projects {
        let elements = elements(&folder.text(project).unwrap_or_default());
        is_program |= elements.iter().any(is_executable);
        found.extend(frameworks(&elements, &folder.path(project)));
        packages(&elements, &folder.path(project), &mut findings);
    }
    found.dedup_by(|a, b| (&a.spec, a.kind) == (&b.spec, b.kind));
    let mut component =
        Component::new(folder.directory, Language::Dotnet, if is_program { Role::Application } else { Role::Package });
    component.name = first.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    component.evidence = manifests.iter().map(|name| Evidence::file(folder.path(name), ".NET manifest")).collect();
    component.versions = found;
    let lock = folder.has("packages.lock.json").then(|| folder.path("packages.lock.json"));
    component.manager =
        Some(manager(PackageManager::Dotnet, lock, Evidence::file(folder.path(first), ".NET manifest")));
    findings.configuration(folder);
    findings.fill(&mut component);
    suites::fill(folder, projects.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// Records the packages that a project refers to.
fn packages(elements: &[Element], path: &str, findings: &mut Findings) {
    let set = if has_test_name(path) { DependencySet::Group("test".to_owned()) } else { DependencySet::Main };
    for element in elements.iter().filter(|element| element.name() == "PackageReference") {
        findings.dependency(element.attribute("Include").unwrap_or_default(), &set, path, Some(element.line));
    }
}

/// Whether an element of a project says that it builds a program.
fn is_executable(element: &Element) -> bool {
    let is_output = element.name() == "OutputType" && element.text.eq_ignore_ascii_case("exe");
    let sdk = if element.name() == "Project" { element.attribute("Sdk").unwrap_or_default() } else { "" };
    is_output || sdk.ends_with(".Web") || sdk.ends_with(".Worker")
}

/// The SDK that `global.json` pins, here or above.
fn versions(folder: &mut Folder<'_>) -> Vec<RuntimeVersion> {
    let mut found = Vec::new();
    if let Some(path) = folder.nearest("global.json") {
        let node = folder.jsonc_from_root(&path).and_then(|node| node.at(&["sdk", "version"]).cloned());
        let spec = node.as_ref().and_then(|node| Some((node.line, node.text()?)));
        found.extend(
            spec.map(|(line, spec)| versions::version("dotnet", spec, VersionKind::Pinned, &path, line, "sdk")),
        );
    }
    found.extend(versions::pinned(folder, "dotnet", &[], &["dotnet", "dotnet-core"]));
    found
}

/// The frameworks that a project is built for.
fn frameworks(elements: &[Element], path: &str) -> Vec<RuntimeVersion> {
    let is_target = |element: &&Element| matches!(element.name(), "TargetFramework" | "TargetFrameworks");
    let version = |element: &Element| {
        let specs = element
            .text
            .split(';')
            .map(str::trim)
            .filter(|spec| !spec.is_empty() && !spec.contains("$("))
            .map(str::to_owned);
        let line = element.line;
        specs
            .map(move |spec| versions::version("dotnet", &spec, VersionKind::Required, path, line, "target framework"))
            .collect::<Vec<_>>()
    };
    elements.iter().filter(is_target).flat_map(version).collect()
}
