//! Java and Kotlin on the JVM: `pom.xml` for Maven, `build.gradle` and `build.gradle.kts` for Gradle.

mod gradle;
mod maven;

use super::tools::{Findings, Known};
use super::{Ecosystem, Folder, commands, manager, suites, versions};
use crate::project::Evidence;
use crate::project::component::Purpose::{Audit, Build, Coverage, Format, Framework, Lint, Sast, Test};
use crate::project::component::{Component, Language, Manager, PackageManager, Role, RuntimeVersion, TestKind};
use crate::project::walk;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    languages: &[Language::Java, Language::Kotlin],
    looked_for: "pom.xml, build.gradle, build.gradle.kts, settings.gradle, settings.gradle.kts",
    is_manifest: |name| MANIFESTS.contains(&name),
    is_weak: |_| false,
    read,
};

const MANIFESTS: &[&str] = &["pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];

/// Packages are artifacts of Maven and plugins of Gradle, by their ids.
const TOOLS: &[Known] = &[
    Known::new("checkstyle", &[Lint], &["maven-checkstyle-plugin", "checkstyle"]).files(&["checkstyle.xml"]),
    Known::new("dependency-check", &[Audit], &["dependency-check-maven", "org.owasp.dependencycheck"]),
    Known::new("detekt", &[Lint], &["detekt-maven-plugin", "io.gitlab.arturbosch.detekt", "dev.detekt"])
        .files(&["detekt.yml"]),
    Known::new("jacoco", &[Coverage], &["jacoco-maven-plugin", "jacoco"]),
    Known::new("jib", &[Build], &["jib-maven-plugin", "com.google.cloud.tools.jib"]),
    Known::new(
        "junit",
        &[Test],
        &["junit", "junit-jupiter", "junit-jupiter-api", "junit-bom", "kotlin-test", "kotlin-test-junit5"],
    ),
    Known::new("kotest", &[Test], &["kotest-runner-junit5", "kotest-runner-junit5-jvm", "io.kotest"]),
    Known::new("kover", &[Coverage], &["org.jetbrains.kotlinx.kover", "kover-maven-plugin"]),
    Known::new("ktlint", &[Lint, Format], &["org.jlleitschuh.gradle.ktlint", "ktlint-maven-plugin"]),
    Known::new("maven-failsafe", &[Test], &["maven-failsafe-plugin"]),
    Known::new("pmd", &[Lint], &["maven-pmd-plugin", "pmd"]),
    Known::new("quarkus", &[Framework], &["quarkus-maven-plugin", "io.quarkus"]),
    Known::new("shadow", &[Build], &["maven-shade-plugin", "com.gradleup.shadow", "com.github.johnrengelman.shadow"]),
    Known::new("spotbugs", &[Sast], &["spotbugs-maven-plugin", "com.github.spotbugs"]),
    Known::new("spotless", &[Format], &["spotless-maven-plugin", "com.diffplug.spotless"]),
    Known::new("spring-boot", &[Framework, Build], &["spring-boot-maven-plugin", "org.springframework.boot"]),
    Known::new("testng", &[Test], &["testng"]),
];

const RULES: suites::Rules = suites::Rules { is_test, default: TestKind::Unit };

/// What one build tool's manifest tells.
struct Reading {
    name: Option<String>,
    is_kotlin: bool,
    role: Role,
    versions: Vec<RuntimeVersion>,
}

fn read(folder: &mut Folder<'_>) -> Component {
    let mut findings = Findings::new(TOOLS);
    let is_maven = folder.has("pom.xml");
    let build = if is_maven { maven::read(folder, &mut findings) } else { gradle::read(folder, &mut findings) };
    let language = if build.is_kotlin { Language::Kotlin } else { Language::Java };
    let mut component = Component::new(folder.directory, language, build.role);
    component.name = build.name;
    component.evidence = MANIFESTS.iter().filter_map(|name| folder.presence(name, "JVM manifest")).collect();
    component.versions = versions::pinned(folder, "java", &[".java-version"], &["java"]);
    component.versions.extend(build.versions);
    if is_maven && let Some(gradle) = MANIFESTS[1..].iter().find(|name| folder.has(name)) {
        folder.note(
            gradle,
            None,
            "is a manifest of Gradle beside pom.xml, which wins; remove the one that is not used",
        );
    }
    // Maven has no lock file, Gradle can have one; both can be run by a wrapper that is checked in, here or above.
    let (name, wrapper) = if is_maven { (PackageManager::Maven, "mvnw") } else { (PackageManager::Gradle, "gradlew") };
    let lock = (!is_maven).then(|| folder.nearest("gradle.lockfile")).flatten();
    let manifest = MANIFESTS.iter().find(|name| folder.has(name)).copied().unwrap_or_default();
    let manager = manager(name, lock, Evidence::file(folder.path(manifest), "JVM manifest"));
    component.manager = Some(Manager { wrapper: folder.nearest(wrapper), ..manager });
    findings.configuration(folder);
    findings.fill(&mut component);
    let files: Vec<&str> =
        if build.role == Role::Workspace { folder.every_file().collect() } else { folder.own_files().collect() };
    suites::fill(folder, files.into_iter(), &RULES, &mut component);
    commands::fill(folder, &mut component);
    component
}

/// Whether a file is a test by the conventions of the standard layout.
fn is_test(path: &str) -> bool {
    let stem = walk::name(path).strip_suffix(".java").or_else(|| walk::name(path).strip_suffix(".kt"));
    let is_named = stem.is_some_and(|stem| {
        ["Test", "Tests", "IT", "Spec"].iter().any(|end| stem.ends_with(end)) || stem.starts_with("Test")
    });
    is_named && path.split('/').any(|part| part == "test" || part.ends_with("Test") || part.ends_with("-test"))
}
