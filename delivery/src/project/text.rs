//! The text formats that manifests come in, read into one tree of values that remember their lines.
//!
//! Readers never fail as a whole: a broken file is a [`Note`], and its presence still counts.

mod ini;
mod json;
mod node;
mod toml;
mod xml;
mod yaml;

pub(super) use ini::{Ini, Section};
pub(super) use node::Node;
pub(super) use xml::{Element, elements};

use serde::de::DeserializeOwned;

use super::Note;
use super::walk::Tree;

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// Finds the lines of a text.
    pub(super) fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect())
    }

    /// The line of a byte offset, counted from 1.
    pub(super) fn of(&self, offset: usize) -> u32 {
        number(self.0.partition_point(|start| *start <= offset).saturating_sub(1))
    }
}

/// The lines of a text with their numbers, counted from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.lines().enumerate().map(|(index, line)| (number(index), line))
}

/// The line number of a line's index. Files are far shorter than the type allows.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1) + 1
}

/// The text between the quotes that a text starts with, single or double.
pub(super) fn quoted(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split_once(quote).map(|(value, _)| value)
}

/// Reads a TOML file of the tree; none when it is not there or broken.
pub(super) fn toml(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Option<Node> {
    let text = tree.text(path, notes)?;
    toml::parse(&text).map_err(|broken| broken.note(path, "TOML", notes)).ok()
}

/// Reads a JSON file of the tree; none when it is not there or broken.
pub(super) fn json(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Option<Node> {
    let text = tree.text(path, notes)?;
    json::parse(&text).map_err(|broken| broken.note(path, "JSON", notes)).ok()
}

/// Reads a JSON file of the tree that can have comments and trailing commas; none when it is not there or broken.
pub(super) fn jsonc(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Option<Node> {
    let text = tree.text(path, notes)?;
    json::parse(&json::plain(&text)).map_err(|broken| broken.note(path, "JSON", notes)).ok()
}

/// Reads the documents of a YAML file of the tree, leaving out the broken ones.
pub(super) fn yaml(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Vec<Node> {
    let Some(text) = tree.text(path, notes) else { return Vec::new() };
    let documents = yaml::documents(&text).map(|(line, document)| yaml::parse(document, line));
    documents.filter_map(|read| read.map_err(|broken| broken.note(path, "YAML", notes)).ok()).collect()
}

/// Reads the one document of a YAML file of the tree into a type of its own; none when it is not there or does not fit.
///
/// Unlike [`yaml`], strings keep the spelling of what looks like a number, such as `1.10`.
pub(super) fn yaml_as<T: DeserializeOwned>(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Option<T> {
    let text = tree.text(path, notes)?;
    yaml::read(&text, 1).map_err(|broken| broken.note(path, "YAML", notes)).ok()
}

/// Reads an INI file of the tree; none when it is not there.
pub(super) fn ini(tree: &Tree, path: &str, notes: &mut Vec<Note>) -> Option<Ini> {
    tree.text(path, notes).map(|text| Ini::parse(&text))
}

/// Why a text could not be read.
struct Broken {
    /// The line, counted from 1, where the reader knows it.
    line: Option<u32>,
    /// What the reader said.
    message: String,
}

impl Broken {
    fn note(self, path: &str, format: &str, notes: &mut Vec<Note>) {
        let first = self.message.lines().next().unwrap_or_default();
        notes.push(Note::new(path, self.line, format!("is not valid {format} ({first}); only its presence counts")));
    }
}
