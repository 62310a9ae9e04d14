//! What the rules look at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use fs_err as fs;

use super::pure_crates;
use crate::{process, workspace};

/// The text files of the repository, and what its pure crates are built from.
pub(super) struct Tree {
    /// By path relative to the workspace, with `/` between folders.
    pub(super) files: BTreeMap<String, String>,
    /// By package: every package that is compiled into it, itself included.
    pub(super) packages: BTreeMap<String, BTreeSet<String>>,
}

impl Tree {
    /// The files that git tracks or would track, as they are in the work tree.
    pub(super) fn of_workspace() -> Result<Self> {
        let root = workspace::root();
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
        let listed = process::capture(&mut git)?;
        let mut files = BTreeMap::new();
        for path in listed.split_terminator('\0') {
            // What is listed may have been deleted since, and a file that is not UTF-8 has no text.
            if let Some(text) = fs::read(root.join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                files.insert(path.to_owned(), text);
            }
        }
        let packages = pure_crates::names().map(|name| Ok((name.to_owned(), compiled_into(name)?)));
        Ok(Self { files, packages: packages.collect::<Result<_>>()? })
    }

    /// The Rust sources.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "rs"))
    }

    /// The Rust sources that people write.
    pub(super) fn written_rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rust().filter(|(path, _)| !path.contains("/generated/"))
    }

    /// The manifests of packages, each with the folder it is in, which ends with `/`.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        let has = |text: &str, section: &str| text.lines().any(|line| line.trim() == section);
        // A package that is a workspace of its own, such as a fuzzer's, follows rules of its own.
        let files = self.files.iter().filter(move |(_, text)| has(text, "[package]") && !has(text, "[workspace]"));
        files.filter_map(|(path, text)| Some((path.strip_suffix("Cargo.toml")?, text.as_str())))
    }

    /// A tree of these files alone.
    #[cfg(test)]
    pub(super) fn sample(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { files: files.collect(), packages: BTreeMap::new() }
    }
}

fn compiled_into(package: &str) -> Result<BTreeSet<String>> {
    let mut cargo = process::cargo();
    cargo.args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package]);
    let listed = process::capture(cargo.current_dir(workspace::root()))?;
    Ok(listed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
