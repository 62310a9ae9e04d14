//! What a renderer gives: files by path, without anything written yet.

use std::collections::BTreeMap;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The whole content.
    pub content: Vec<u8>,
    /// Whether it is a program that may be run.
    pub executable: bool,
}

/// Files, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifacts(BTreeMap<String, Artifact>);

impl Artifacts {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    ///
    /// # Panics
    /// `path` is not relative, has a part `.` or `..`, or is there already: renderers name their files themselves, so that would be
    /// a defect of the renderer.
    pub fn insert_text(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        assert!(path.split('/').all(is_plain), "{path:?} is no plain relative path");
        let artifact = Artifact { content: text.into().into_bytes(), executable: false };
        assert!(self.0.insert(path, artifact).is_none(), "two files with the same path");
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&Artifact> {
        self.0.get(path)
    }

    /// Every file with its path, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        self.0.iter().map(|(path, artifact)| (path.as_str(), artifact))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted_by_path() {
        let mut artifacts = Artifacts::new();
        artifacts.insert_text("b.yml", "b");
        artifacts.insert_text("a/c.yml", "c");
        let paths: Vec<_> = artifacts.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a/c.yml", "b.yml"]);
        assert_eq!(artifacts.get("b.yml").unwrap().content, b"b");
    }

    #[test]
    #[should_panic(expected = "no plain relative path")]
    fn a_path_never_leaves_its_directory() {
        Artifacts::new().insert_text("../b.yml", "b");
    }
}
