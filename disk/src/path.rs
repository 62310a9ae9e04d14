//! Paths that cannot leave the folder they are relative to.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::stage;

/// The longest name of a file or directory, in bytes, that common file systems take.
pub(crate) const MAX_NAME: usize = 255;

/// A path below a [`Folder`](crate::Folder): names joined by `/`, on every platform.
///
/// By its construction it has at least one name and none of them is empty, `.`, `..`, longer than 255 bytes or the name
/// of a stage file; it holds no control character, no backslash and no drive prefix such as `C:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativePath(String);

impl RelativePath {
    /// Checks `path` and takes it as it is written.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidPath> {
        let path = path.into();
        match problem(&path) {
            None => Ok(Self(path)),
            Some(problem) => Err(InvalidPath { path, problem }),
        }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directories on the way and the name of the file.
    pub(crate) fn split(&self) -> (impl Iterator<Item = &str>, &str) {
        let (parent, name) = self.parent_and_name();
        (parent.split('/').filter(|name| !name.is_empty()), name)
    }

    /// The directory as one string, empty for the folder itself, and the name of the file.
    pub(crate) fn parent_and_name(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }

    /// The directories that hold this path, the folder itself left out, shortest first.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }
}

fn problem(path: &str) -> Option<&'static str> {
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    if path.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    if path.contains('\\') {
        return Some("it holds a backslash; names are joined by `/`");
    }
    if bytes[0].is_ascii_alphabetic() && bytes.get(1) == Some(&b':') {
        return Some("it begins with a drive");
    }
    path.split('/').find_map(name_problem)
}

fn name_problem(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("one of its names is empty"),
        "." | ".." => Some("it holds `.` or `..`"),
        _ if name.len() > MAX_NAME => Some("one of its names is longer than 255 bytes"),
        _ if stage::is_stage(name) => Some("one of its names is reserved for files in the making"),
        _ => None,
    }
}

/// A text that is not a path below a folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path below the folder: {problem}; write it like `dir/file.yml`")]
pub struct InvalidPath {
    /// The text as given.
    pub path: String,
    problem: &'static str,
}

impl FromStr for RelativePath {
    type Err = InvalidPath;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Self::new(path)
    }
}

impl TryFrom<String> for RelativePath {
    type Error = InvalidPath;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        Self::new(path)
    }
}

impl From<RelativePath> for String {
    fn from(path: RelativePath) -> Self {
        path.0
    }
}

impl Borrow<str> for RelativePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refuse(path: &str, problem: &str) {
        assert_eq!(RelativePath::new(path).unwrap_err().problem, problem);
    }

    #[test]
    fn refuses_every_way_out() {
        refuse("", "it is empty");
        refuse("/etc/passwd", "it is absolute");
        refuse("..", "it holds `.` or `..`");
        refuse("a/../../b", "it holds `.` or `..`");
        refuse("./a", "it holds `.` or `..`");
        refuse("a//b", "one of its names is empty");
        refuse("a/", "one of its names is empty");
        refuse("a\0b", "it holds a control character");
        refuse("a\nb", "it holds a control character");
        refuse("a\\..\\b", "it holds a backslash; names are joined by `/`");
        refuse("C:/b", "it begins with a drive");
        refuse("c:b", "it begins with a drive");
    }

    #[test]
    fn refuses_names_that_no_file_can_have() {
        refuse(&format!("a/{}", "n".repeat(256)), "one of its names is longer than 255 bytes");
        let stage = "a/.ci.yml.devopsflow-0123456789abcdef";
        refuse(stage, "one of its names is reserved for files in the making");
    }

    #[test]
    fn takes_ordinary_names() {
        for path in ["ci.yml", "a/b/c", ".github/x", "..a/b..", "a b/ü:c", &"n".repeat(255)] {
            assert_eq!(RelativePath::new(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn the_message_says_what_to_write() {
        let error = RelativePath::new("../x").unwrap_err();
        insta::assert_snapshot!(error, @r#""../x" is not a path below the folder: it holds `.` or `..`; write it like `dir/file.yml`"#);
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_below(path in r"([a-c.:/\\]|\.\.|\PC|\x00){0,12}") {
            if let Ok(taken) = RelativePath::new(path.clone()) {
                let below = |c| matches!(c, Component::Normal(_));
                prop_assert!(Path::new(taken.as_str()).components().all(below));
                prop_assert_eq!(Path::new(taken.as_str()).components().count(), path.split('/').count());
                let json = serde_json::to_string(&taken).unwrap();
                prop_assert_eq!(serde_json::from_str::<RelativePath>(&json).unwrap(), taken);
            }
        }
    }
}
