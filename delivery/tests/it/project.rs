//! Project detection: what is found in small trees, one module per concern.

mod choose;
mod ecosystems;
mod limits;
mod node;
mod python;
mod surface;

use std::fmt::Write as _;
use std::fs;

use delivery::project::{Component, Detection, Options, Purpose, Selector, detect};
use tempfile::TempDir;

/// Writes files, given by path and content, into a new directory.
#[track_caller]
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

/// Detects the project that the files make up.
#[track_caller]
fn project(files: &[(&str, &str)]) -> Detection {
    detect(tree(files).path(), &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Everything that is found, as text: one line per finding, with where it was found.
#[track_caller]
fn report(files: &[(&str, &str)]) -> String {
    let found = project(files);
    let mut text = String::new();
    found.components.iter().for_each(|component| describe(component, &mut text));
    for note in &found.notes {
        writeln!(text, "note {note}").unwrap();
    }
    text
}

fn describe(component: &Component, text: &mut String) {
    let name = component.name.as_deref().unwrap_or("-");
    writeln!(text, "{} {} {} {name}", component.language, component.directory, component.role).unwrap();
    if let Some(manager) = &component.manager {
        let version = manager.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let lock = manager.lock.as_ref().map(|lock| format!(" lock={lock}")).unwrap_or_default();
        let wrapper = manager.wrapper.as_ref().map(|wrapper| format!(" wrapper={wrapper}")).unwrap_or_default();
        writeln!(text, "  manager {}{version}{lock}{wrapper} <- {}", manager.name, manager.evidence).unwrap();
    }
    for version in &component.versions {
        writeln!(text, "  {} {} {} <- {}", version.kind, version.runtime, version.spec, version.evidence).unwrap();
    }
    for tool in &component.tools {
        let purposes: Vec<_> = tool.purposes.iter().map(Purpose::as_str).collect();
        let sets: Vec<_> = tool.declared_in.iter().map(ToString::to_string).collect();
        let evidence: Vec<_> = tool.evidence.iter().map(ToString::to_string).collect();
        let sets = if sets.is_empty() { String::new() } else { format!(" in {}", sets.join(", ")) };
        writeln!(text, "  tool {} [{}]{sets} <- {}", tool.name, purposes.join(" "), evidence.join(", ")).unwrap();
    }
    for command in &component.commands {
        writeln!(text, "  {} {} <- {}", command.runner, command.name, command.evidence).unwrap();
    }
    for suite in &component.tests {
        let selector = match &suite.selector {
            Selector::Path(path) => path.clone(),
            Selector::Marker(name) => format!("marker {name}"),
            Selector::Script(path) => format!("script {path}"),
        };
        writeln!(text, "  {} tests: {selector} <- {}", suite.kind, suite.evidence).unwrap();
    }
}
