//! PHP: `composer.json`.

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Audit, Format, Framework, Lint, Sast, Test, TypeCheck};
use crate::project::component::{Component, DependencySet, Language, PackageManager, Role, TestKind, VersionKind};
use crate::project::text::Node;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Php],
    looked_for: "composer.json",
    is_manifest: |name| name == "composer.json",
    is_weak: |_| false,
    read,
};

const TOOLS: &[Known] = &[
    Known::new("laravel", &[Framework], &["laravel/framework"]),
    Known::new("pest", &[Test], &["pestphp/pest"]),
    Known::new("php-cs-fixer", &[Format], &["friendsofphp/php-cs-fixer"])
        .files(&[".php-cs-fixer.php", ".php-cs-fixer.dist.php"]),
    Known::new("phpcs", &[Lint], &["squizlabs/php_codesniffer"]).files(&[
        "phpcs.xml",
        "phpcs.xml.dist",
        ".phpcs.xml",
        ".phpcs.xml.dist",
    ]),
    Known::new("phpstan", &[TypeCheck, Lint], &["phpstan/phpstan", "larastan/larastan"]).files(&[
        "phpstan.neon",
        "phpstan.neon.dist",
        "phpstan.dist.neon",
    ]),
    Known::new("phpunit", &[Test], &["phpunit/phpunit"]).files(&[
        "phpunit.xml",
        "phpunit.xml.dist",
        "phpunit.dist.xml",
    ]),
    Known::new("pint", &[Format], &["laravel/pint"]).files(&["pint.json"]),
    Known::new("psalm", &[TypeCheck, Sast], &["vimeo/psalm"]).files(&["psalm.xml", "psalm.xml.dist"]),
    Known::new("roave-security-advisories", &[Audit], &["roave/security-advisories"]),
    Known::new("symfony", &[Framework], &["symfony/framework-bundle"]),
];

const RULES: suites::Rules = suites::Rules { is_test: |path| path.ends_with("Test.php"), default: TestKind::Unit };

fn read(folder: &mut Folder<'_>) -> Component {
    let manifest = folder.json("composer.json");
    let path = folder.path("composer.json");
    let at = |keys: &[&str]| manifest.as_ref().and_then(|node| node.at(keys));
    // A package without a type is a library to Composer, but applications rarely bother to say so; a name they do leave out.
    let role = match (at(&["type"]).and_then(Node::text), at(&["name"])) {
        (Some("project"), _) | (None, None) => Role::Application,
        _ => Role::Package,
    };
    let mut component = Component::new(folder.directory, Language::Php, role);
    component.name = at(&["name"]).and_then(Node::text).map(str::to_owned);
    component.evidence = folder.presence("composer.json", "PHP manifest").into_iter().collect();
    component.versions = versions::pinned(folder, "php", &[".php-version"], &["php"]);
    for (keys, kind) in
        [(["config", "platform", "php"].as_slice(), VersionKind::Pinned), (&["require", "php"], VersionKind::Required)]
    {
        let spec = at(keys).and_then(|node| Some((node.line, node.text()?)));
        component
            .versions
            .extend(spec.map(|(line, spec)| versions::version("php", spec, kind, &path, line, "composer.json")));
    }
    let mut findings = Findings::new(TOOLS);
    for (key, set) in [("require", DependencySet::Main), ("require-dev", DependencySet::Group("dev".to_owned()))] {
        for (package, node) in at(&[key]).into_iter().flat_map(Node::entries) {
            findings.dependency(package, &set, &path, node.line);
        }
    }
    findings.configuration(folder);
    findings.fill(&mut component);
    let lock = folder.has("composer.lock").then(|| folder.path("composer.lock"));
    component.manager = Some(manager(PackageManager::Composer, lock, Evidence::file(path.as_str(), "PHP manifest")));
    component.commands.extend(commands::scripts("composer", &path, at(&["scripts"])));
    suites::fill(folder, folder.own_files(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}
