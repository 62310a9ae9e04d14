//! Versions of runtimes that version managers read.

use super::folder::Folder;
use crate::project::Evidence;
use crate::project::component::{RuntimeVersion, VersionKind};
use crate::project::text::lines;

/// Files of version managers that pin several runtimes in TOML.
const MISE: &[&str] = &["mise.toml", ".mise.toml"];

/// The versions of a runtime that version managers pin for a directory, in it or above it.
///
/// `files` hold nothing but the version; `names` are what the managers of many runtimes call this one.
pub(super) fn pinned(folder: &mut Folder<'_>, runtime: &str, files: &[&str], names: &[&str]) -> Vec<RuntimeVersion> {
    let mut found = Vec::new();
    for file in files {
        found.extend(folder.nearest(file).and_then(|path| plain(folder, runtime, &path)));
    }
    found.extend(folder.nearest(".tool-versions").and_then(|path| tool_versions(folder, runtime, &path, names)));
    for file in MISE {
        found.extend(folder.nearest(file).and_then(|path| mise(folder, runtime, &path, names)));
    }
    found
}

/// A version that a project asks for.
pub(super) fn version(
    runtime: &str,
    spec: &str,
    kind: VersionKind,
    path: &str,
    line: impl Into<Option<u32>>,
    what: &str,
) -> RuntimeVersion {
    RuntimeVersion {
        runtime: runtime.to_owned(),
        spec: spec.trim().to_owned(),
        kind,
        evidence: Evidence::at(path, line, what),
    }
}

/// A file whose first line that is no comment is the version.
fn plain(folder: &mut Folder<'_>, runtime: &str, path: &str) -> Option<RuntimeVersion> {
    let text = folder.text_from_root(path)?;
    let (line, spec) =
        lines(&text).map(|(line, text)| (line, without_comment(text))).find(|(_, text)| !text.is_empty())?;
    Some(version(runtime, spec, VersionKind::Pinned, path, line, "version file"))
}

/// A line of `.tool-versions`: the name and its versions, of which the first is used.
fn tool_versions(folder: &mut Folder<'_>, runtime: &str, path: &str, names: &[&str]) -> Option<RuntimeVersion> {
    let text = folder.text_from_root(path)?;
    lines(&text).find_map(|(line, text)| {
        let mut words = without_comment(text).split_whitespace();
        let name = words.next().filter(|name| names.contains(name))?;
        Some(version(runtime, words.next()?, VersionKind::Pinned, path, line, name))
    })
}

/// An entry of `[tools]` in mise's configuration: a version, a list of which the first is used, or a table with `version`.
fn mise(folder: &mut Folder<'_>, runtime: &str, path: &str, names: &[&str]) -> Option<RuntimeVersion> {
    let config = folder.toml_from_root(path)?;
    names.iter().find_map(|name| {
        let node = config.at(&["tools", name])?;
        let spec = node.text().or_else(|| node.items().first()?.text()).or_else(|| node.text_at(&["version"]))?;
        Some(version(runtime, spec, VersionKind::Pinned, path, node.line, "[tools]"))
    })
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}
