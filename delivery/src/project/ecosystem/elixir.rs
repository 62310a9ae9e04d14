//! Elixir: `mix.exs`. It is a program, so only plain declarations are seen.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Audit, Coverage, Format, Framework, Lint, Sast, Test, TypeCheck};
use crate::project::component::{Component, DependencySet, Language, PackageManager, Role, TestKind, VersionKind};
use crate::project::text::{lines, quoted};

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Elixir],
    looked_for: "mix.exs",
    is_manifest: |name| name == "mix.exs",
    is_weak: |_| false,
    read,
};

const TOOLS: &[Known] = &[
    Known::new("credo", &[Lint], &["credo"]).files(&[".credo.exs"]),
    Known::new("dialyxir", &[TypeCheck], &["dialyxir"]),
    Known::new("ex_unit", &[Test], &[]),
    Known::new("excoveralls", &[Coverage], &["excoveralls"]).files(&["coveralls.json"]),
    Known::new("mix-format", &[Format], &[]).files(&[".formatter.exs"]),
    Known::new("mix_audit", &[Audit], &["mix_audit"]),
    Known::new("phoenix", &[Framework], &["phoenix"]),
    Known::new("sobelow", &[Sast], &["sobelow"]).files(&[".sobelow-conf"]),
];

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

fn is_test(path: &str) -> bool {
    path.ends_with("_test.exs")
}

fn read(folder: &mut Folder<'_>) -> Component {
    let path = folder.path("mix.exs");
    let text = folder.text("mix.exs").unwrap_or_default();
    let is_umbrella = text.contains("apps_path:");
    let role = match (is_umbrella, text.contains("package:")) {
        (true, _) => Role::Workspace,
        (false, true) => Role::Package,
        (false, false) => Role::Application,
    };
    let mut component = Component::new(folder.directory, Language::Elixir, role);
    component.evidence = folder.presence("mix.exs", "Elixir manifest").into_iter().collect();
    component.versions = versions::pinned(folder, "elixir", &[".elixir-version"], &["elixir"]);
    component.versions.extend(versions::pinned(folder, "erlang", &[], &["erlang"]));
    let mut findings = Findings::new(TOOLS);
    declarations(&text, &path, &mut component, &mut findings);
    findings.configuration(folder);
    let files: Vec<&str> = if is_umbrella { folder.every_file().collect() } else { folder.own_files().collect() };
    if let Some(test) = files.iter().find(|path| is_test(path)) {
        findings.tool("ex_unit", Evidence::file(folder.path(test), "test"));
    }
    findings.fill(&mut component);
    let evidence = Evidence::file(path.as_str(), "Elixir manifest");
    component.manager = Some(manager(PackageManager::Mix, folder.nearest("mix.lock"), evidence));
    suites::fill(folder, files.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// Records the name, the version of Elixir and the dependencies.
fn declarations(text: &str, path: &str, component: &mut Component, findings: &mut Findings) {
    for (line, text) in lines(text).filter(|(_, line)| !line.trim_start().starts_with('#')) {
        let trimmed = text.trim();
        if let Some(spec) = trimmed.strip_prefix("elixir:").and_then(quoted) {
            component.versions.push(versions::version("elixir", spec, VersionKind::Required, path, line, "elixir"));
        }
        if let Some(name) = trimmed.strip_prefix("app: :") {
            component.name = Some(name.trim_end_matches(',').to_owned());
        }
        for (name, rest) in dependencies(text) {
            findings.dependency(name, &set(rest), path, Some(line));
        }
    }
}

/// The dependencies on a line, `{:name, ...}`, each with what follows its name.
fn dependencies(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split("{:")
        .skip(1)
        .filter_map(|part| part.split_once(','))
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// The environments that a dependency is limited to with `only:`.
fn set(rest: &str) -> DependencySet {
    let rest = rest.split('}').next().unwrap_or_default();
    let Some((_, only)) = rest.split_once("only:") else { return DependencySet::Main };
    let only = only.trim_start();
    let only = if only.starts_with('[') { only.split(']').next() } else { only.split(',').next() };
    let names = only.unwrap_or_default().split([',', ' ', '[']).filter_map(|word| word.strip_prefix(':'));
    DependencySet::Group(names.collect::<Vec<_>>().join(","))
}
