//! Recognises tools by the packages that bring them, the files and the sections that configure them.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::Folder;
use crate::project::Evidence;
use crate::project::component::{Component, DependencySet, Purpose, Tool};

/// A tool and how it shows.
pub(super) struct Known {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) purposes: &'static [Purpose],
    /// Packages that bring it, as the ecosystem's registry names them.
    pub(super) packages: &'static [&'static str],
    /// Files that configure it; one that ends with `*` stands for all that begin so.
    pub(super) files: &'static [&'static str],
    /// Sections of shared configuration files that configure it.
    pub(super) sections: &'static [&'static str],
}

impl Known {
    /// A tool that its package brings.
    pub(super) const fn new(
        name: &'static str,
        purposes: &'static [Purpose],
        packages: &'static [&'static str],
    ) -> Self {
        Self { name, purposes, packages, files: &[], sections: &[] }
    }

    /// With files that configure it.
    pub(super) const fn files(mut self, files: &'static [&'static str]) -> Self {
        self.files = files;
        self
    }

    /// With sections that configure it.
    pub(super) const fn sections(mut self, sections: &'static [&'static str]) -> Self {
        self.sections = sections;
        self
    }
}

/// The tools and places of dependencies found so far.
pub(super) struct Findings {
    known: &'static [Known],
    tools: BTreeMap<&'static str, (&'static Known, BTreeSet<DependencySet>, BTreeSet<Evidence>)>,
    sets: BTreeSet<DependencySet>,
}

impl Findings {
    /// Nothing found yet, of the known tools.
    pub(super) fn new(known: &'static [Known]) -> Self {
        Self { known, tools: BTreeMap::new(), sets: BTreeSet::new() }
    }

    /// Records that dependencies are declared somewhere, whichever they are.
    pub(super) fn set(&mut self, set: DependencySet) {
        self.sets.insert(set);
    }

    /// Records a dependency.
    pub(super) fn dependency(&mut self, package: &str, set: &DependencySet, path: &str, line: Option<u32>) {
        self.sets.insert(set.clone());
        self.by_package(package, Some(set), &Evidence::at(path, line, format!("dependency {package}")));
    }

    /// Records a package that is used without being a dependency of the component.
    pub(super) fn mention(&mut self, package: &str, evidence: &Evidence) {
        self.by_package(package, None, evidence);
    }

    fn by_package(&mut self, package: &str, set: Option<&DependencySet>, evidence: &Evidence) {
        for known in self.known.iter().filter(|known| known.packages.contains(&package)) {
            self.insert(known, set, evidence.clone());
        }
    }

    /// Records a section of a shared configuration file.
    pub(super) fn section(&mut self, section: &str, evidence: &Evidence) {
        for known in self.known.iter().filter(|known| known.sections.contains(&section)) {
            self.insert(known, None, evidence.clone());
        }
    }

    /// Records the configuration files of a directory.
    pub(super) fn configuration(&mut self, folder: &Folder<'_>) {
        for name in folder.names() {
            for known in self.known.iter().filter(|known| known.files.iter().any(|pattern| matches(pattern, name))) {
                self.insert(known, None, Evidence::file(folder.path(name), "configuration"));
            }
        }
    }

    /// Records a tool that shows in a way of its own.
    pub(super) fn tool(&mut self, name: &str, evidence: Evidence) {
        if let Some(known) = self.known.iter().find(|known| known.name == name) {
            self.insert(known, None, evidence);
        }
    }

    fn insert(&mut self, known: &'static Known, set: Option<&DependencySet>, evidence: Evidence) {
        let (_, sets, evidences) =
            self.tools.entry(known.name).or_insert_with(|| (known, BTreeSet::new(), BTreeSet::new()));
        sets.extend(set.cloned());
        evidences.insert(evidence);
    }

    /// Whether a tool was found.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tools.contains_key(name)
    }

    /// Whether a tool of that purpose was found.
    pub(super) fn serves(&self, purpose: Purpose) -> bool {
        self.tools.values().any(|(known, ..)| known.purposes.contains(&purpose))
    }

    /// Puts what was found into the component.
    pub(super) fn fill(self, component: &mut Component) {
        component.dependency_sets = self.sets.into_iter().collect();
        let tool = |(known, sets, evidence): (&Known, BTreeSet<DependencySet>, BTreeSet<Evidence>)| Tool {
            name: known.name.to_owned(),
            purposes: known.purposes.to_vec(),
            declared_in: sets.into_iter().collect(),
            evidence: evidence.into_iter().collect(),
        };
        component.tools = self.tools.into_values().map(tool).collect();
    }
}

/// Whether a name fits a pattern, which may end with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}
