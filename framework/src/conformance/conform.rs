//! What every state in an answer is held to: it conforms to the schema, is wholly known, and holds nothing write-only.

use super::parts::objects;
use super::place::Place;
use super::{Rule, Violation};
use crate::schema::{Attributes, Block, BlockNesting, Nesting, Shape};
use crate::{Path, Schema, Step, Type, Value};

/// Checks that `value` is null or an object of the schema's type.
pub(super) fn conforms(schema: &Schema, value: &Value, rule: Rule) -> Vec<Violation> {
    match schema.ty().check(value) {
        Ok(()) => Vec::new(),
        Err(mismatch) => {
            let message = format!("{} expected, not {}", mismatch.expected, mismatch.found);
            vec![Violation { rule, path: mismatch.path, message }]
        }
    }
}

/// Checks that no part of `value`, which conforms, is unknown.
pub(super) fn known(schema: &Schema, value: &Value, rule: Rule) -> Vec<Violation> {
    let mut found = Vec::new();
    if !value.is_wholly_known() {
        unknowns(&schema.ty(), value, &Path::root(), &mut |path| {
            found.push(Violation { rule, path, message: "a known value expected, not an unknown one".to_owned() });
        });
    }
    found
}

fn unknowns(ty: &Type, value: &Value, path: &Path, found: &mut impl FnMut(Path)) {
    match (ty, value) {
        (_, Value::Unknown(_)) => found(path.clone()),
        (Type::Object(types), Value::Map(members)) => {
            for (name, ty) in types {
                unknowns(ty, members.get(name).unwrap_or(&Value::Null), &path.attribute(name), found);
            }
        }
        (Type::Map(ty), Value::Map(members)) => {
            for (key, value) in members {
                unknowns(ty, value, &path.key(key), found);
            }
        }
        (Type::List(ty), Value::List(elements)) => {
            for (index, value) in (0..).zip(elements) {
                unknowns(ty, value, &path.index(index), found);
            }
        }
        (Type::Tuple(types), Value::List(elements)) => {
            for (index, (ty, value)) in (0..).zip(types.iter().zip(elements)) {
                unknowns(ty, value, &path.index(index), found);
            }
        }
        (Type::Set(ty), Value::Set(elements)) => {
            for value in elements {
                unknowns(ty, value, &path.element(value.clone()), found);
            }
        }
        (Type::Dynamic, Value::Dynamic(inner)) => unknowns(&inner.0, &inner.1, path, found),
        _ => {}
    }
}

/// Checks that the write-only attributes in `value`, which conforms, are null.
pub(super) fn write_only(schema: &Schema, value: &Value, rule: Rule) -> Vec<Violation> {
    let mut found = Vec::new();
    in_block(&schema.block, value, &Place::ROOT, rule, &mut found);
    found
}

fn in_block(block: &Block, value: &Value, place: &Place<'_>, rule: Rule, found: &mut Vec<Violation>) {
    in_attributes(&block.attributes, value, place, rule, found);
    for (name, nested) in &block.blocks {
        let place = place.attribute(name);
        let single = matches!(nested.nesting, BlockNesting::Single | BlockNesting::Group);
        for (step, object) in objects(value.member(name), single) {
            in_block(&nested.block, object, &at(&place, step.as_ref()), rule, found);
        }
    }
}

fn in_attributes(attributes: &Attributes, value: &Value, place: &Place<'_>, rule: Rule, found: &mut Vec<Violation>) {
    for (name, attribute) in attributes {
        let (value, place) = (value.member(name), place.attribute(name));
        if attribute.write_only && !value.is_null() {
            found.push(place.violation(rule, "null expected, for the attribute is write-only"));
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            for (step, object) in objects(value, *nesting == Nesting::Single) {
                in_attributes(inner, object, &at(&place, step.as_ref()), rule, found);
            }
        }
    }
}

fn at<'p>(place: &'p Place<'p>, step: Option<&'p Step>) -> Place<'p> {
    step.map_or(*place, |step| place.step(step))
}
