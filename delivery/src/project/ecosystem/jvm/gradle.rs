//! Gradle: what the build scripts and the version catalog tell. The scripts are programs, so only plain declarations are seen.

use super::super::folder::Folder;
use super::super::tools::Findings;
use super::super::versions;
use super::Reading;
use crate::project::Evidence;
use crate::project::component::{DependencySet, Role, VersionKind};
use crate::project::text::{Node, lines, quoted};

/// Calls and assignments that give the version of Java.
const JAVA: &[&str] =
    &["JavaLanguageVersion.of", "jvmToolchain", "sourceCompatibility", "targetCompatibility", "options.release"];

pub(super) fn read(folder: &mut Folder<'_>, findings: &mut Findings) -> Reading {
    let mut reading = Reading { name: None, is_kotlin: false, role: Role::Package, versions: Vec::new() };
    for file in ["build.gradle.kts", "build.gradle", "settings.gradle.kts", "settings.gradle"] {
        let text = folder.text(file).unwrap_or_default();
        script(&text, &folder.path(file), &mut reading, findings);
    }
    reading.is_kotlin |= catalog(folder, findings);
    let has_build = folder.has("build.gradle.kts") || folder.has("build.gradle");
    let has_sources = folder.own_files().any(|path| path.starts_with("src/"));
    if !has_build || (folder.has_nested() && !has_sources) {
        reading.role = Role::Workspace;
    } else if findings.has("spring-boot") || findings.has("quarkus") {
        reading.role = Role::Application;
    }
    reading
}

/// Records what a script declares.
fn script(text: &str, path: &str, reading: &mut Reading, findings: &mut Findings) {
    for (line, text) in lines(text).filter(|(_, line)| !line.trim_start().starts_with("//")) {
        if let Some(id) = plugin(text) {
            reading.is_kotlin |= id.contains("kotlin");
            if matches!(id, "application" | "war") {
                reading.role = Role::Application;
            }
            findings.dependency(id, &DependencySet::Group("plugin".to_owned()), path, Some(line));
        }
        for artifact in artifacts(text) {
            findings.dependency(artifact, &DependencySet::Main, path, Some(line));
        }
        // The same version is often given several times; where it first stands is enough.
        if let Some((what, spec)) = java(text)
            && reading.versions.iter().all(|version| version.spec != spec)
        {
            reading.versions.push(versions::version("java", &spec, VersionKind::Required, path, line, what));
        }
        if let Some(rest) =
            text.trim().strip_prefix("rootProject.name").and_then(|rest| rest.trim_start().strip_prefix('='))
        {
            reading.name = quoted(rest).map(str::to_owned);
        }
    }
}

/// The id of the plugin that a line applies: `id("x")`, `id 'x'`, `kotlin("jvm")`, `apply plugin: 'x'`, or a bare name such as `jacoco`.
fn plugin(line: &str) -> Option<&str> {
    let line = line.trim();
    let argument = |start: &str| line.strip_prefix(start).map(|rest| rest.trim_start_matches([' ', '(']));
    if let Some(rest) = argument("kotlin(").or_else(|| argument("kotlin (")) {
        return quoted(rest).map(|_| "kotlin");
    }
    let id = ["id(", "id ", "apply plugin:"].iter().find_map(|start| quoted(argument(start)?));
    let bare =
        ["application", "war", "jacoco", "checkstyle", "pmd"].into_iter().find(|name| line.trim_matches('`') == *name);
    id.or(bare)
}

/// The artifacts that a line depends on: the middle part of `"group:artifact:version"`, and `kotlin("test")`.
fn artifacts(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split(['"', '\'']).skip(1).step_by(2);
    let named = parts.filter_map(|part| part.split_once(':').map(|(_, rest)| rest.split(':').next().unwrap_or(rest)));
    let is_declared = ["mplementation", "Only", "api", "classpath", "platform"].iter().any(|word| line.contains(word));
    let kotlin = line.contains("kotlin(\"test").then_some("kotlin-test");
    named.filter(move |_| is_declared).chain(kotlin)
}

/// The version of Java that a line gives, and the word before it.
fn java(line: &str) -> Option<(&'static str, String)> {
    let (word, rest) = JAVA.iter().find_map(|word| Some((*word, line.split_once(word)?.1)))?;
    let rest = rest
        .trim_start_matches([' ', '(', '=', '"', '\''])
        .trim_start_matches("JavaVersion.VERSION_")
        .trim_start_matches("1_")
        .trim_start_matches("1.");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some((word, digits))
}

/// Records the plugins and libraries of the nearest version catalog, and says whether one is the plugin of Kotlin.
fn catalog(folder: &mut Folder<'_>, findings: &mut Findings) -> bool {
    let Some(path) = folder.nearest("gradle/libs.versions.toml") else { return false };
    let Some(catalog) = folder.toml_from_root(&path) else { return false };
    let mut is_kotlin = false;
    for (_, node) in catalog.get("plugins").into_iter().flat_map(Node::entries) {
        let id = node.text_at(&["id"]).or_else(|| node.text()?.split(':').next()).unwrap_or_default();
        is_kotlin |= id.starts_with("org.jetbrains.kotlin");
        findings.mention(id, &Evidence::at(path.as_str(), node.line, "version catalog"));
    }
    for (_, node) in catalog.get("libraries").into_iter().flat_map(Node::entries) {
        let module = node.text_at(&["module"]).or_else(|| node.text()).and_then(|module| module.split(':').nth(1));
        let name = module.or_else(|| node.text_at(&["name"])).unwrap_or_default();
        findings.mention(name, &Evidence::at(path.as_str(), node.line, "version catalog"));
    }
    is_kotlin
}
