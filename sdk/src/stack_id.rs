//! Which stack: a project and one of its instances.

use std::fmt;

/// The names of a stack: the project, and which instance of it, such as `shop` and `dev`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId {
    project: String,
    stack: String,
}

/// A name that cannot be that of a project or stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a project or stack: 1 to 64 of a-z, A-Z, 0-9, `-` and `_`, the first a letter or digit")]
pub struct InvalidName(pub String);

impl StackId {
    /// The stack `stack` of `project`.
    pub fn new(project: &str, stack: &str) -> Result<Self, InvalidName> {
        Ok(Self { project: name(project)?, stack: name(stack)? })
    }

    /// The project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The instance.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// Another stack of the same project.
    pub fn sibling(&self, stack: &str) -> Result<Self, InvalidName> {
        Self::new(&self.project, stack)
    }
}

/// Names become those of directories.
fn name(text: &str) -> Result<String, InvalidName> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && text.len() <= 64 && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(InvalidName(text.to_owned()))
    }
}

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.stack)
    }
}
