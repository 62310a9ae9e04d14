//! Where a finding comes from, and what had to be ignored.

use std::fmt;

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// The file, relative to the root, with `/` between its parts.
    pub path: String,
    /// The line, counted from 1. None when the presence of the file is the evidence.
    pub line: Option<u32>,
    /// What is there, in a few words.
    pub what: String,
}

impl Evidence {
    /// The presence of a file.
    pub(super) fn file(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, what: what.into() }
    }

    /// A line of a file; without a line, the file.
    pub(super) fn at(path: impl Into<String>, line: impl Into<Option<u32>>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: line.into(), what: what.into() }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(f, &self.path, self.line)?;
        write!(f, " ({})", self.what)
    }
}

/// Something that was ignored, could not be read, or was decided between contradicting signs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Note {
    /// The file or directory, relative to the root, with `/` between its parts.
    pub path: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// What happened and what it means for the result.
    pub message: String,
}

impl Note {
    pub(super) fn new(path: impl Into<String>, line: impl Into<Option<u32>>, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: line.into(), message: message.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(f, &self.path, self.line)?;
        write!(f, ": {}", self.message)
    }
}

/// Writes `file` or `file:line`.
fn write_place(f: &mut fmt::Formatter<'_>, path: &str, line: Option<u32>) -> fmt::Result {
    match line {
        Some(line) => write!(f, "{path}:{line}"),
        None => f.write_str(path),
    }
}
