//! The ecosystems that are known: one module each, all of one shape, in one list.

mod commands;
mod deno;
mod dotnet;
mod elixir;
mod folder;
mod go;
mod jvm;
mod node;
mod php;
mod python;
mod ruby;
mod rust;
mod site;
mod suites;
mod tools;
mod versions;

use std::collections::BTreeSet;

use super::component::{Component, Language, Manager, PackageManager, RuntimeVersion};
use super::walk::{Tree, ancestors, name, parent};
use super::{Evidence, Note};
use folder::Folder;

/// How the components of an ecosystem are recognised and read.
struct Ecosystem {
    /// The languages that it can find.
    languages: &'static [Language],
    /// The names of its manifests, for people.
    looked_for: &'static str,
    /// Whether a file of that name makes its directory a component.
    is_manifest: fn(&str) -> bool,
    /// Whether a manifest of that name counts only where no component of the ecosystem stands above.
    is_weak: fn(&str) -> bool,
    /// Reads the component of a directory that holds a manifest.
    read: fn(&mut Folder<'_>) -> Component,
}

/// Every ecosystem whose components are declared by manifests.
const ECOSYSTEMS: &[Ecosystem] = &[
    python::ECOSYSTEM,
    go::ECOSYSTEM,
    rust::ECOSYSTEM,
    jvm::ECOSYSTEM,
    dotnet::ECOSYSTEM,
    ruby::ECOSYSTEM,
    php::ECOSYSTEM,
    elixir::ECOSYSTEM,
    deno::ECOSYSTEM,
    node::ECOSYSTEM,
];

/// The components of a tree, sorted by directory and language. Sites without code are looked for at `base` alone.
pub(super) fn components(tree: &Tree, base: &str, notes: &mut Vec<Note>) -> Vec<Component> {
    let mut components: Vec<Component> = ECOSYSTEMS.iter().flat_map(|ecosystem| of(ecosystem, tree, notes)).collect();
    components.extend(site::read(tree, base, &components));
    components.sort_by(|a, b| (&a.directory, a.language).cmp(&(&b.directory, b.language)));
    components
}

/// The components of one ecosystem.
fn of(ecosystem: &Ecosystem, tree: &Tree, notes: &mut Vec<Note>) -> Vec<Component> {
    let manifests = || tree.files().filter(|path| (ecosystem.is_manifest)(name(path)));
    let (weak, strong): (Vec<&str>, Vec<&str>) = manifests().partition(|path| (ecosystem.is_weak)(name(path)));
    let mut directories: BTreeSet<&str> = strong.into_iter().map(parent).collect();
    for directory in weak.into_iter().map(parent) {
        if !ancestors(directory).any(|above| directories.contains(above)) {
            directories.insert(directory);
        }
    }
    let directories: Vec<&str> = directories.into_iter().collect();
    let read = |directory: &&str| (ecosystem.read)(&mut Folder::new(tree, directory, &directories, notes));
    directories.iter().map(read).collect()
}

/// What is looked for to find a language, or any, for people.
pub(super) fn looked_for(language: Option<Language>) -> String {
    let of = |ecosystem: &&Ecosystem| language.is_none_or(|language| ecosystem.languages.contains(&language));
    let names = ECOSYSTEMS.iter().filter(of).map(|ecosystem| ecosystem.looked_for);
    let site = language.is_none_or(|language| language == Language::Static).then_some(site::LOOKED_FOR);
    names.chain(site).collect::<Vec<_>>().join(", ")
}

/// The versions of a runtime that version managers pin for a directory; see [`versions::pinned`].
pub(super) fn pinned(
    tree: &Tree,
    directory: &str,
    runtime: &str,
    files: &[&str],
    names: &[&str],
    notes: &mut Vec<Note>,
) -> Vec<RuntimeVersion> {
    versions::pinned(&mut Folder::new(tree, directory, &[], notes), runtime, files, names)
}

/// A package manager that shows no version and no wrapper.
fn manager(name: PackageManager, lock: Option<String>, evidence: Evidence) -> Manager {
    Manager { name, lock, version: None, wrapper: None, evidence }
}
