//! The state behind [`Memory`](super::Memory): what is visible, and apart from it what is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::Mode;
use crate::fs::Existing;

pub(super) type Id = usize;
pub(super) const ROOT: Id = 0;

/// A change that a crash may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// A name that was given, taken away or moved in a directory that was not synced since.
    Name,
    /// What was written to a file that was not synced since.
    Content,
}

#[derive(Debug)]
pub(super) enum Node {
    File { mode: Mode, live: Vec<u8>, durable: Vec<u8> },
    Directory { live: Names, durable: Names, unsynced: Vec<Change> },
}

pub(super) type Names = BTreeMap<OsString, Id>;

#[derive(Clone, Debug)]
pub(super) enum Change {
    Add(OsString, Id),
    Remove(OsString),
    Rename(OsString, OsString, Id),
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Add(name, id) => drop(names.insert(name.clone(), *id)),
            Self::Remove(name) => drop(names.remove(name)),
            Self::Rename(from, to, id) => {
                names.remove(from);
                names.insert(to.clone(), *id);
            }
        }
    }
}

/// Files and directories by number; a node stays when its last name goes, for it may be open.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    pub(super) locked: BTreeSet<Id>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![empty_directory()], locked: BTreeSet::new() }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id]
    }

    pub(super) fn names(&self, directory: Id) -> io::Result<&Names> {
        match &self.nodes[directory] {
            Node::Directory { live, .. } => Ok(live),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn find(&self, directory: Id, name: &OsStr) -> io::Result<Id> {
        self.names(directory)?.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn has_a_name(&self, id: Id) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Directory { live, .. } if live.values().any(|&i| i == id)))
    }

    fn change(&mut self, directory: Id, change: Change) {
        if let Node::Directory { live, unsynced, .. } = &mut self.nodes[directory] {
            change.apply(live);
            unsynced.push(change);
        }
    }

    fn add(&mut self, directory: Id, name: &OsStr, node: Node) -> io::Result<Id> {
        if self.names(directory)?.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        // A directory that was removed while it was open takes nothing any more.
        if directory != ROOT && !self.has_a_name(directory) {
            return Err(ErrorKind::NotFound.into());
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        self.change(directory, Change::Add(name.to_owned(), id));
        Ok(id)
    }

    pub(super) fn add_directory(&mut self, directory: Id, name: &OsStr) -> io::Result<Id> {
        self.add(directory, name, empty_directory())
    }

    pub(super) fn add_file(&mut self, directory: Id, name: &OsStr, mode: Mode) -> io::Result<Id> {
        self.add(directory, name, Node::File { mode, live: Vec::new(), durable: Vec::new() })
    }

    pub(super) fn rename(&mut self, directory: Id, from: &OsStr, to: &OsStr, existing: Existing) -> io::Result<()> {
        let id = self.find(directory, from)?;
        match self.find(directory, to) {
            Ok(_) if existing == Existing::Keep => return Err(ErrorKind::AlreadyExists.into()),
            Ok(old) if matches!(self.nodes[old], Node::Directory { .. }) => return Err(ErrorKind::IsADirectory.into()),
            _ => {}
        }
        self.change(directory, Change::Rename(from.to_owned(), to.to_owned(), id));
        Ok(())
    }

    pub(super) fn remove_file(&mut self, directory: Id, name: &OsStr) -> io::Result<()> {
        if let Node::Directory { .. } = self.nodes[self.find(directory, name)?] {
            return Err(ErrorKind::IsADirectory.into());
        }
        self.change(directory, Change::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, directory: Id, name: &OsStr) -> io::Result<()> {
        if !self.names(self.find(directory, name)?)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        self.change(directory, Change::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn sync(&mut self, id: Id) {
        match &mut self.nodes[id] {
            Node::File { live, durable, .. } => durable.clone_from(live),
            Node::Directory { live, durable, unsynced } => {
                durable.clone_from(live);
                unsynced.clear();
            }
        }
    }

    pub(super) fn collect_files(&self, id: Id, path: PathBuf, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        match &self.nodes[id] {
            Node::File { live, .. } => drop(files.insert(path, live.clone())),
            Node::Directory { live, .. } => {
                for (name, id) in live {
                    self.collect_files(*id, path.join(name), files);
                }
            }
        }
    }

    /// What a crash leaves: all that is durable, and of the rest what `survives` says, asked up to three times per change.
    pub(super) fn after_crash(&self, survives: &mut dyn FnMut(Unsynced) -> bool) -> Self {
        let nodes = self.nodes.iter().map(|node| match node {
            Node::File { mode, live, durable } => {
                let left = content_after_crash(live, durable, survives);
                Node::File { mode: *mode, live: left.clone(), durable: left }
            }
            Node::Directory { durable, unsynced, .. } => {
                let mut left = durable.clone();
                unsynced.iter().filter(|_| survives(Unsynced::Name)).for_each(|change| change.apply(&mut left));
                Node::Directory { live: left.clone(), durable: left, unsynced: Vec::new() }
            }
        });
        Self { nodes: nodes.collect(), locked: BTreeSet::new() }
    }
}

/// All of it, or torn after or before its middle, or what was there before. What it has in common with that stays.
fn content_after_crash(live: &[u8], durable: &[u8], survives: &mut dyn FnMut(Unsynced) -> bool) -> Vec<u8> {
    if live == durable || survives(Unsynced::Content) {
        return live.to_vec();
    }
    let same = live.iter().zip(durable).take_while(|(live, durable)| live == durable).count();
    let middle = same.midpoint(live.len());
    let halves = [live[..middle].to_vec(), [&live[..same], &vec![0; middle - same], &live[middle..]].concat()];
    // Blocks reach the medium in any order; those that did not are holes.
    halves.into_iter().find(|_| survives(Unsynced::Content)).unwrap_or_else(|| durable.to_vec())
}

fn empty_directory() -> Node {
    Node::Directory { live: Names::new(), durable: Names::new(), unsynced: Vec::new() }
}
