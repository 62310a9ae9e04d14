//! A directory of the tree as an ecosystem's reader sees it.

use std::collections::BTreeSet;

use crate::project::text::{self, Ini, Node};
use crate::project::walk::{self, Tree};
use crate::project::{Evidence, Note};

/// A directory with a manifest.
pub(super) struct Folder<'a> {
    tree: &'a Tree,
    /// The directory, relative to the root.
    pub(super) directory: &'a str,
    /// The directories below it that hold manifests of the same ecosystem.
    nested: BTreeSet<&'a str>,
    notes: &'a mut Vec<Note>,
}

impl<'a> Folder<'a> {
    /// The directory, one of `all` with manifests of an ecosystem.
    pub(super) fn new(tree: &'a Tree, directory: &'a str, all: &[&'a str], notes: &'a mut Vec<Note>) -> Self {
        let is_below = |other: &&&str| **other != directory && walk::ancestors(other).any(|above| above == directory);
        let nested = all.iter().filter(is_below).copied().collect();
        Self { tree, directory, nested, notes }
    }

    /// The path of a file of the directory, relative to the root.
    pub(super) fn path(&self, name: &str) -> String {
        walk::join(self.directory, name)
    }

    /// Whether the directory has a file of that name or path.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tree.has(&self.path(name))
    }

    /// The presence of a file of the directory; none when it is not there.
    pub(super) fn presence(&self, name: &str, what: &str) -> Option<Evidence> {
        self.has(name).then(|| Evidence::file(self.path(name), what))
    }

    /// The path of the file of that name in this directory or the nearest above it.
    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        walk::ancestors(self.directory).map(|directory| walk::join(directory, name)).find(|path| self.tree.has(path))
    }

    /// The names of the files in the directory, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.every_file().filter(|path| !path.contains('/'))
    }

    /// The files in and below the directory, relative to it, without those of nested components; sorted.
    pub(super) fn own_files(&self) -> impl Iterator<Item = &'a str> {
        let directory = self.directory;
        let is_nested = move |path: &&str| {
            // Without directories below that count, no path needs to be put together.
            !self.nested.is_empty()
                && walk::ancestors(walk::parent(&walk::join(directory, path))).any(|above| self.nested.contains(above))
        };
        self.every_file().filter(move |path| !is_nested(path))
    }

    /// The files in and below the directory, relative to it; sorted.
    pub(super) fn every_file(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let directory = self.directory;
        self.tree.under(directory).map(move |path| walk::relative(path, directory))
    }

    /// Whether components of the same ecosystem lie below.
    pub(super) fn has_nested(&self) -> bool {
        !self.nested.is_empty()
    }

    /// The text of a file of the directory; none when it is not there or cannot be read.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.tree.text(&walk::join(self.directory, name), self.notes)
    }

    /// The text of a file by its path from the root.
    pub(super) fn text_from_root(&mut self, path: &str) -> Option<String> {
        self.tree.text(path, self.notes)
    }

    /// A TOML file of the directory; none when it is not there or broken.
    pub(super) fn toml(&mut self, name: &str) -> Option<Node> {
        text::toml(self.tree, &walk::join(self.directory, name), self.notes)
    }

    /// A TOML file by its path from the root.
    pub(super) fn toml_from_root(&mut self, path: &str) -> Option<Node> {
        text::toml(self.tree, path, self.notes)
    }

    /// A JSON file of the directory; none when it is not there or broken.
    pub(super) fn json(&mut self, name: &str) -> Option<Node> {
        text::json(self.tree, &walk::join(self.directory, name), self.notes)
    }

    /// A JSON file by its path from the root, which can have comments.
    pub(super) fn jsonc_from_root(&mut self, path: &str) -> Option<Node> {
        text::jsonc(self.tree, path, self.notes)
    }

    /// An INI file of the directory; none when it is not there.
    pub(super) fn ini(&mut self, name: &str) -> Option<Ini> {
        text::ini(self.tree, &walk::join(self.directory, name), self.notes)
    }

    /// Records something to tell about a file of the directory.
    pub(super) fn note(&mut self, name: &str, line: impl Into<Option<u32>>, message: impl Into<String>) {
        self.notes.push(Note::new(walk::join(self.directory, name), line, message));
    }
}
