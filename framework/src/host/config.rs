//! Configurations: what the user gave, completed to a value of the schema's type.

use std::collections::BTreeMap;

use super::Error;
use crate::conformance::objects;
use crate::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Shape};
use crate::{Diagnostic, Diagnostics, Path, Schema, Step, Value};

/// The configuration that the given members make: attributes that are not given are null, blocks that are not given are
/// null, an object of nulls, or an empty collection, as their nesting has it; and so on inside nested objects.
///
/// # Errors
/// Every name that the schema does not have, every value of a wrong type, every required attribute that is missing,
/// every attribute that only the provider may give, and every wrong number of blocks.
pub fn config_value(schema: &Schema, members: impl IntoIterator<Item = (String, Value)>) -> Result<Value, Diagnostics> {
    let config = fill_block(&schema.block, Value::map(members));
    let mut check = Check::default();
    check.block(&schema.block, &config, &Path::root());
    if check.found.has_errors() { Err(check.found) } else { Ok(config) }
}

/// What stands in a configuration for a block in which nothing is given.
pub(crate) fn empty(block: &Block) -> Value {
    fill_block(block, Value::map::<&str>([]))
}

fn fill_block(block: &Block, value: Value) -> Value {
    let Value::Map(mut members) = fill(&block.attributes, value) else { return Value::Null };
    for (name, nested) in &block.blocks {
        let given = members.remove(name).unwrap_or(Value::Null);
        members.insert(name.clone(), fill_blocks(nested, given));
    }
    Value::Map(members)
}

fn fill_blocks(nested: &NestedBlock, given: Value) -> Value {
    let inner = |object| if let Value::Map(_) = object { fill_block(&nested.block, object) } else { object };
    match (nested.nesting, given) {
        (BlockNesting::Single | BlockNesting::Group, given @ Value::Map(_)) => inner(given),
        (BlockNesting::Group, Value::Null) => empty(&nested.block),
        (BlockNesting::List, Value::Null) => Value::List(Vec::new()),
        (BlockNesting::Set, Value::Null) => Value::Set(Vec::new()),
        (BlockNesting::Map, Value::Null) => Value::Map(BTreeMap::new()),
        (_, given) => each(given, &inner),
    }
}

fn fill(attributes: &Attributes, value: Value) -> Value {
    let Value::Map(mut members) = value else { return value };
    for (name, attribute) in attributes {
        let mut value = members.remove(name).unwrap_or(Value::Null);
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            let one = |object| fill(inner, object);
            value = if *nesting == Nesting::Single { one(value) } else { each(value, &one) };
        }
        members.insert(name.clone(), value);
    }
    Value::Map(members)
}

fn each(collection: Value, change: &impl Fn(Value) -> Value) -> Value {
    match collection {
        Value::List(elements) => Value::List(elements.into_iter().map(change).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(change)),
        Value::Map(members) => Value::Map(members.into_iter().map(|(key, value)| (key, change(value))).collect()),
        other => other,
    }
}

/// Refuses a configuration that a provider must not be shown: one that is not of the schema's type.
pub(super) fn check_given(schema: &Schema, config: &Value) -> Result<(), Error> {
    match config {
        Value::Map(_) => schema.ty().check(config).map_err(|mismatch| {
            let detail = format!("{} expected, not {}.", mismatch.expected, mismatch.found);
            Diagnostic::error("The configuration does not fit the schema", detail).at(mismatch.path).into()
        }),
        other => {
            let detail = format!("An object expected, not {}.", other.kind());
            Err(Diagnostic::error("The configuration does not fit the schema", detail).into())
        }
    }
}

/// Refuses a configuration of which a part is unknown.
pub(super) fn check_known(schema: &Schema, config: &Value) -> Result<(), Error> {
    check_given(schema, config)?;
    let unknown = config.as_map().and_then(|members| members.iter().find(|(_, value)| !value.is_wholly_known()));
    match unknown {
        Some((name, _)) => {
            let detail = "Everything that a configuration refers to must be known when it is applied or read.";
            Err(Diagnostic::error("The configuration is not known yet", detail).at(Path::of(name)).into())
        }
        None => Ok(()),
    }
}

#[derive(Default)]
struct Check {
    found: Diagnostics,
}

impl Check {
    fn error(&mut self, path: Path, summary: &str, detail: String) {
        self.found.push(Diagnostic::error(summary, detail).at(path));
    }

    fn block(&mut self, block: &Block, value: &Value, path: &Path) {
        let names: Vec<&String> = block.attributes.keys().chain(block.blocks.keys()).collect();
        self.names(&names, value, path);
        self.attributes(&block.attributes, value, path);
        for (name, nested) in &block.blocks {
            self.blocks(nested, value.member(name), &path.attribute(name));
        }
    }

    fn names(&mut self, known: &[&String], value: &Value, path: &Path) {
        for name in value.as_map().into_iter().flat_map(BTreeMap::keys).filter(|name| !known.contains(name)) {
            let known = known.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            self.error(path.attribute(name), "No such attribute", format!("One of these expected: {known}."));
        }
    }

    fn attributes(&mut self, attributes: &Attributes, value: &Value, path: &Path) {
        for (name, attribute) in attributes {
            self.attribute(attribute, value.member(name), &path.attribute(name));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Value, path: &Path) {
        match (attribute.mode, value) {
            (Mode::Required, Value::Null) => {
                self.error(path.clone(), "Missing attribute", format!("{} expected.", attribute.shape.ty()));
            }
            (_, Value::Null | Value::Unknown(_)) => {}
            (Mode::Computed, _) => {
                let detail = "Only the provider gives a value to this attribute. Leave it out.";
                self.error(path.clone(), "Attribute cannot be set", detail.to_owned());
            }
            _ => match &attribute.shape {
                Shape::Plain(ty) => {
                    if let Err(mismatch) = ty.check(value) {
                        let path =
                            mismatch.path.steps().iter().fold(path.clone(), |path, step| path.step(step.clone()));
                        let detail = format!("{} expected, not {}.", mismatch.expected, mismatch.found);
                        self.error(path, "Wrong type", detail);
                    }
                }
                Shape::Nested(nesting, inner) => self.nested(*nesting, inner, value, path),
            },
        }
    }

    fn nested(&mut self, nesting: Nesting, attributes: &Attributes, value: &Value, path: &Path) {
        let collection = match nesting {
            Nesting::Single => None,
            Nesting::List => Some("a list"),
            Nesting::Set => Some("a set"),
            Nesting::Map => Some("a map or object"),
        };
        if self.is_collection(collection, value, path) {
            for (path, object) in within(value, collection.is_none(), path) {
                match object {
                    Value::Map(_) => {
                        self.names(&attributes.keys().collect::<Vec<_>>(), object, &path);
                        self.attributes(attributes, object, &path);
                    }
                    Value::Unknown(_) => {}
                    other => self.error(path, "Wrong type", format!("An object expected, not {}.", other.kind())),
                }
            }
        }
    }

    fn blocks(&mut self, nested: &NestedBlock, value: &Value, path: &Path) {
        let collection = match nested.nesting {
            BlockNesting::Single | BlockNesting::Group => None,
            BlockNesting::List => Some("a list"),
            BlockNesting::Set => Some("a set"),
            BlockNesting::Map => Some("a map or object"),
        };
        if value.is_unknown() || !self.is_collection(collection, value, path) {
            return;
        }
        let blocks = within(value, collection.is_none(), path);
        let absent = nested.nesting == BlockNesting::Group && *value == empty(&nested.block);
        let count = if absent || value.is_null() { 0 } else { blocks.len() as u64 };
        let most = if nested.max == 0 { u64::MAX } else { nested.max };
        if !(nested.min..=most).contains(&count) {
            let most = if most == u64::MAX { "any number".to_owned() } else { most.to_string() };
            let detail = format!("{} to {most} blocks expected, not {count}.", nested.min);
            self.error(path.clone(), "Wrong number of blocks", detail);
        }
        for (path, block) in blocks {
            match block {
                Value::Map(_) if !absent => self.block(&nested.block, block, &path),
                Value::Map(_) | Value::Unknown(_) => {}
                Value::Null if collection.is_none() => {}
                other => self.error(path, "Wrong type", format!("A block expected, not {}.", other.kind())),
            }
        }
    }

    /// Whether a value is of the kind of collection that is expected, if one is.
    fn is_collection(&mut self, expected: Option<&str>, value: &Value, path: &Path) -> bool {
        let expected = expected.filter(|expected| *expected != value.kind());
        if let Some(expected) = expected {
            self.error(path.clone(), "Wrong type", format!("{expected} expected, not {}.", value.kind()));
        }
        expected.is_none()
    }
}

/// The objects in a value, with their paths.
fn within<'v>(value: &'v Value, single: bool, path: &Path) -> Vec<(Path, &'v Value)> {
    let at = |step: Option<Step>| step.map_or_else(|| path.clone(), |step| path.step(step));
    objects(value, single).into_iter().map(|(step, object)| (at(step), object)).collect()
}
