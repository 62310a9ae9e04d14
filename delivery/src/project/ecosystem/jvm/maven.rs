//! Maven: what `pom.xml` tells.

use super::super::folder::Folder;
use super::super::tools::Findings;
use super::super::versions;
use super::Reading;
use crate::project::component::{DependencySet, Role, VersionKind};
use crate::project::text::elements;

/// Properties that give the version of Java, the most binding first.
const JAVA: &[&str] = &["maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source"];

pub(super) fn read(folder: &mut Folder<'_>, findings: &mut Findings) -> Reading {
    let elements = elements(&folder.text("pom.xml").unwrap_or_default());
    let path = folder.path("pom.xml");
    let text = |path: &str| elements.iter().find(|element| element.path == path).map(|element| element.text.as_str());
    let mut is_kotlin = false;
    for element in elements.iter().filter(|element| element.name() == "artifactId") {
        let is_dependency = element.path.ends_with("/dependency/artifactId");
        is_kotlin |= element.text == "kotlin-maven-plugin";
        if is_dependency || element.path.ends_with("/plugin/artifactId") {
            let set = if is_dependency { DependencySet::Main } else { DependencySet::Group("plugin".to_owned()) };
            findings.dependency(&element.text, &set, &path, Some(element.line));
        }
    }
    let properties = JAVA
        .iter()
        .filter_map(|name| elements.iter().find(|element| element.path == format!("project/properties/{name}")));
    let configured = elements.iter().filter(|element| element.path.ends_with("/plugin/configuration/release"));
    // A value such as `${java.version}` stands for another property, which is listed itself.
    let versions =
        properties.chain(configured).filter(|element| !element.text.is_empty() && !element.text.contains("${"));
    let versions = versions.map(|element| {
        versions::version("java", &element.text, VersionKind::Required, &path, element.line, element.name())
    });
    let is_program = findings.has("spring-boot") || findings.has("quarkus") || text("project/packaging") == Some("war");
    let role = match text("project/packaging") {
        Some("pom") => Role::Workspace,
        _ if is_program || elements.iter().any(|element| element.name() == "mainClass") => Role::Application,
        _ => Role::Package,
    };
    Reading { name: text("project/artifactId").map(str::to_owned), is_kotlin, role, versions: versions.collect() }
}
