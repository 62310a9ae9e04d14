//! What a plan says about one object.

use std::fmt;

use super::Object;
use crate::conformance::{Reach, reach};
use crate::{Diagnostics, Path, Schema, Value};

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is removed.
    Delete,
    /// It is removed and made anew, in the order that the caller decides.
    Replace,
    /// Nothing.
    NoOp,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::NoOp => "no-op",
        })
    }
}

/// What a plan says about one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The resource type.
    pub type_name: String,
    /// What happens.
    pub action: Action,
    /// What is recorded of the object.
    pub prior: Option<Object>,
    /// The state that is reached, unknown where only apply will know; null for a deletion.
    pub planned: Value,
    /// The attributes because of which the object is replaced: none when it is replaced because it is tainted.
    pub replace: Vec<Path>,
    /// The provider's private data, for apply.
    pub private: Vec<u8>,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

impl Change {
    /// The first half of a replacement: the recorded object is removed.
    ///
    /// As in core, the provider is handed the private data of the plan and not that of the object.
    #[must_use]
    pub fn deletion(&self) -> Self {
        let (planned, replace) = (Value::Null, Vec::new());
        Self { action: Action::Delete, planned, replace, diagnostics: Diagnostics::new(), ..self.clone() }
    }

    /// The other half of a replacement: the new object is made.
    #[must_use]
    pub fn creation(&self) -> Self {
        Self { action: Action::Create, prior: None, replace: Vec::new(), ..self.clone() }
    }
}

/// The action that leads from `prior`, which is known, to `planned`, where `replace` are the attributes that need a new object.
pub(super) fn action(prior: &Value, planned: &Value, replace: &[Path]) -> Action {
    if prior.is_null() {
        Action::Create
    } else if !replace.is_empty() {
        Action::Replace
    } else if prior == planned {
        Action::NoOp
    } else {
        Action::Update
    }
}

/// Those of the paths that do need a new object: what stands there changes, or is write-only and cannot be compared.
pub(super) fn changed(schema: &Schema, prior: &Value, planned: &Value, replace: Vec<Path>) -> Vec<Path> {
    let is_changed = |path: &Path| {
        let (before, after) = (part(prior, path), part(planned, path));
        let write_only = schema.attribute(path).is_some_and(|attribute| attribute.write_only);
        write_only || before != after
    };
    let mut changed: Vec<Path> = if prior.is_null() { Vec::new() } else { replace };
    changed.retain(is_changed);
    changed.sort();
    changed.dedup();
    changed
}

fn part<'v>(value: &'v Value, path: &Path) -> &'v Value {
    match reach(value, path) {
        Reach::Part(part) => part,
        Reach::Unknown => &Value::UNKNOWN,
        Reach::Nothing => &Value::Null,
    }
}
