//! Ruby: `Gemfile`.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{
    Audit, Build, Coverage, Format, Framework, Lint, Runner, Sast, Test, TypeCheck,
};
use crate::project::component::{Component, DependencySet, Language, PackageManager, Role, TestKind, VersionKind};
use crate::project::text::{lines, quoted};

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Ruby],
    looked_for: "Gemfile",
    is_manifest: |name| name == "Gemfile",
    is_weak: |_| false,
    read,
};

const TOOLS: &[Known] = &[
    Known::new("brakeman", &[Sast], &["brakeman"]),
    Known::new("bundler-audit", &[Audit], &["bundler-audit"]),
    Known::new("minitest", &[Test], &["minitest"]),
    Known::new("rails", &[Framework], &["rails"]),
    Known::new("rake", &[Runner, Build], &["rake"]).files(&["Rakefile"]),
    Known::new("rspec", &[Test], &["rspec", "rspec-rails"]).files(&[".rspec"]),
    Known::new("rubocop", &[Lint, Format], &["rubocop", "rubocop-rails-omakase"]).files(&[".rubocop.yml"]),
    Known::new("simplecov", &[Coverage], &["simplecov"]).files(&[".simplecov"]),
    Known::new("sinatra", &[Framework], &["sinatra"]),
    Known::new("sorbet", &[TypeCheck], &["sorbet"]),
    Known::new("standard", &[Lint, Format], &["standard"]).files(&[".standard.yml"]),
    Known::new("steep", &[TypeCheck], &["steep"]).files(&["Steepfile"]),
];

const RULES: suites::Rules =
    suites::Rules { is_test: |path| path.ends_with("_spec.rb") || path.ends_with("_test.rb"), default: TestKind::Unit };

fn read(folder: &mut Folder<'_>) -> Component {
    let gemspec = folder.names().find(|name| name.ends_with(".gemspec"));
    let mut component = Component::new(
        folder.directory,
        Language::Ruby,
        if gemspec.is_some() { Role::Package } else { Role::Application },
    );
    component.name = gemspec.map(|name| name.trim_end_matches(".gemspec").to_owned());
    component.evidence = folder.presence("Gemfile", "Ruby manifest").into_iter().collect();
    component.evidence.extend(gemspec.and_then(|name| folder.presence(name, "gem specification")));
    component.versions = versions::pinned(folder, "ruby", &[".ruby-version"], &["ruby"]);
    let mut findings = Findings::new(TOOLS);
    gemfile(folder, &mut component, &mut findings);
    if let Some(name) = gemspec {
        specification(folder, name, &mut component, &mut findings);
    }
    findings.configuration(folder);
    findings.fill(&mut component);
    let evidence = Evidence::file(folder.path("Gemfile"), "Ruby manifest");
    component.manager = Some(manager(PackageManager::Bundler, folder.nearest("Gemfile.lock"), evidence));
    suites::fill(folder, folder.own_files(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// Reads `ruby "3.3"`, `gem "name", group: :test` and `group :development, :test do` from the Gemfile.
fn gemfile(folder: &mut Folder<'_>, component: &mut Component, findings: &mut Findings) {
    let path = folder.path("Gemfile");
    let text = folder.text("Gemfile").unwrap_or_default();
    let mut group = DependencySet::Main;
    for (line, text) in lines(&text) {
        let (word, rest) = text.trim().split_once([' ', '(']).unwrap_or((text.trim(), ""));
        match word {
            "ruby" => {
                let version = quoted(rest)
                    .map(|spec| versions::version("ruby", spec, VersionKind::Required, &path, line, "ruby"));
                component.versions.extend(version);
            }
            "group" => group = DependencySet::Group(symbols(rest)),
            "end" => group = DependencySet::Main,
            "gem" => {
                let own = rest
                    .split_once("group:")
                    .or_else(|| rest.split_once("groups:"))
                    .map(|(_, names)| DependencySet::Group(symbols(names)));
                findings.dependency(
                    quoted(rest).unwrap_or_default(),
                    own.as_ref().unwrap_or(&group),
                    &path,
                    Some(line),
                );
            }
            _ => {}
        }
    }
}

/// Reads `add_dependency` and its siblings, and the version of Ruby, from a gem's specification.
fn specification(folder: &mut Folder<'_>, name: &str, component: &mut Component, findings: &mut Findings) {
    let path = folder.path(name);
    let text = folder.text(name).unwrap_or_default();
    for (line, text) in lines(&text) {
        let argument =
            |word: &str| text.split_once(word).and_then(|(_, rest)| quoted(rest.trim_start_matches([' ', '(', '='])));
        if let Some(spec) = argument(".required_ruby_version") {
            component.versions.push(versions::version(
                "ruby",
                spec,
                VersionKind::Required,
                &path,
                line,
                "required_ruby_version",
            ));
        } else if let Some(gem) = argument(".add_development_dependency") {
            findings.dependency(gem, &DependencySet::Group("development".to_owned()), &path, Some(line));
        } else if let Some(gem) = argument(".add_dependency").or_else(|| argument(".add_runtime_dependency")) {
            findings.dependency(gem, &DependencySet::Main, &path, Some(line));
        }
    }
}

/// The symbols of a list such as `:development, :test do` or `[:test]`, joined by commas.
fn symbols(text: &str) -> String {
    let names = text.split([',', ' ', '[', ']', '(', ')']).filter_map(|word| word.strip_prefix(':'));
    names.collect::<Vec<_>>().join(",")
}
