//! Where a check stands, and how what it finds is told without giving secrets away.

use super::{Rule, Violation};
use crate::schema::{Attribute, Shape};
use crate::value::Refinement;
use crate::{Number, Path, Schema, Step, Value};

/// A path under construction, borrowed from the callers up the stack: nothing is copied until something is found.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: At<'p>,
}

#[derive(Clone, Copy)]
enum At<'p> {
    Root,
    Attribute(&'p str),
    Key(&'p str),
    Index(usize),
    Element(&'p Value),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Self = Self { parent: None, step: At::Root };

    pub(super) fn attribute(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: At::Attribute(name) }
    }

    pub(super) fn key(&'p self, key: &'p str) -> Self {
        Self { parent: Some(self), step: At::Key(key) }
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: At::Index(index) }
    }

    pub(super) fn element(&'p self, element: &'p Value) -> Self {
        Self { parent: Some(self), step: At::Element(element) }
    }

    pub(super) fn step(&'p self, step: &'p Step) -> Self {
        match step {
            Step::Attribute(name) => self.attribute(name),
            Step::Key(key) => self.key(key),
            // An index that this machine cannot count to was never in memory.
            Step::Index(index) => self.index(usize::try_from(*index).unwrap_or(usize::MAX)),
            Step::Element(element) => self.element(element),
        }
    }

    fn path(&self) -> Path {
        let path = self.parent.map_or_else(Path::root, Place::path);
        match self.step {
            At::Root => path,
            At::Attribute(name) => path.attribute(name),
            At::Key(key) => path.key(key),
            At::Index(index) => path.index(index as u64),
            At::Element(element) => path.element(element.clone()),
        }
    }

    /// A breach of `rule` at this place.
    pub(super) fn violation(&self, rule: Rule, message: impl Into<String>) -> Violation {
        Violation { rule, path: self.path(), message: message.into() }
    }
}

/// A value for a message: scalars as they are, collections only by kind, for secrets may stand inside them.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::List(_) | Value::Set(_) | Value::Map(_) => value.kind().to_owned(),
        Value::Dynamic(inner) => show(&inner.1),
        Value::Unknown(Some(known)) => format!("an unknown value{}", bounds(known)),
        Value::Unknown(None) => "an unknown value".to_owned(),
        scalar => show_all(scalar),
    }
}

/// The value of an attribute without attributes of its own, for a message.
pub(super) fn show_all(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}... ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

/// What is known of an unknown value, for a message: empty, or ` that is not null and ...`.
pub(super) fn bounds(known: &Refinement) -> String {
    let bound = |word: &str, bound: &Option<(Number, bool)>| {
        let limit = |(limit, inclusive): &(Number, bool)| {
            format!("is {word} than {limit}{}", if *inclusive { " or equal to it" } else { "" })
        };
        bound.as_ref().map(limit)
    };
    let parts = [
        known.null.map(|null| if null { "is null".to_owned() } else { "is not null".to_owned() }),
        known.prefix.as_ref().map(|prefix| format!("begins with {prefix:?}")),
        bound("greater", &known.min),
        bound("less", &known.max),
        known.min_length.map(|length| format!("has {length} or more elements")),
        known.max_length.map(|length| format!("has {length} or fewer elements")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(" that {}", parts.join(" and ")) }
}

/// The violations with what is about sensitive attributes made unrevealing: the path ends at the attribute, the message
/// names no value, and what is then the same is told once.
pub(super) fn redact(schema: &Schema, violations: Vec<Violation>) -> Vec<Violation> {
    let mut told: Vec<Violation> = Vec::with_capacity(violations.len());
    for violation in violations {
        let violation = match secret(schema, &violation.path) {
            Some(path) => {
                Violation { path, message: "the rule does not hold for this sensitive value".to_owned(), ..violation }
            }
            None => violation,
        };
        if !told.contains(&violation) {
            told.push(violation);
        }
    }
    told
}

/// The path of the first sensitive or write-only attribute on the way to `path`.
fn secret(schema: &Schema, path: &Path) -> Option<Path> {
    let mut attributes = Some(&schema.block.attributes);
    let mut blocks = Some(&schema.block.blocks);
    for (position, step) in path.steps().iter().enumerate() {
        let Step::Attribute(name) = step else { continue };
        if let Some(attribute) = attributes.and_then(|attributes| attributes.get(name)) {
            if is_secret(attribute) {
                return Some(path.steps()[..=position].iter().cloned().collect());
            }
            attributes = match &attribute.shape {
                Shape::Nested(_, inner) => Some(inner),
                Shape::Plain(_) => None,
            };
            blocks = None;
        } else {
            let nested = blocks.and_then(|blocks| blocks.get(name));
            attributes = nested.map(|nested| &nested.block.attributes);
            blocks = nested.map(|nested| &nested.block.blocks);
        }
    }
    None
}

fn is_secret(attribute: &Attribute) -> bool {
    attribute.sensitive || attribute.write_only
}
