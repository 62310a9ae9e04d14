//! Looking into values that may be null or unknown.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Attributes, Block, BlockNesting, Nesting, Shape};
use crate::{Step, Value};

/// The attribute of an object; null in a null object, unknown in an unknown one.
pub(crate) fn member<'v>(object: &'v Value, name: &str) -> &'v Value {
    if object.is_unknown() { &Value::UNKNOWN } else { object.member(name) }
}

/// The element of a list; null where there is none, unknown in an unknown list.
pub(crate) fn element(list: &Value, index: usize) -> &Value {
    match list {
        Value::Unknown(_) => &Value::UNKNOWN,
        _ => list.as_elements().and_then(|elements| elements.get(index)).unwrap_or(&Value::Null),
    }
}

/// The entries of a map, none where it is null or unknown.
pub(crate) fn entry<'v>(map: &'v Value, key: &str) -> Option<&'v Value> {
    map.as_map()?.get(key)
}

/// Whether two values are equal when what is known of their unknown parts is left out.
pub(crate) fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Unknown(_), Value::Unknown(_)) => true,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Set(elements), Value::Set(others)) => {
            elements == others || (elements.len() == others.len() && plain(a) == plain(b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && alike(a, b))
        }
        (Value::Dynamic(a), Value::Dynamic(b)) => a.0 == b.0 && alike(&a.1, &b.1),
        _ => a == b,
    }
}

/// The value without what is known of its unknown parts.
fn plain(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::UNKNOWN,
        Value::List(elements) => Value::List(elements.iter().map(plain).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(plain)),
        Value::Map(members) => Value::Map(members.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        Value::Dynamic(inner) => Value::Dynamic(Box::new((inner.0.clone(), plain(&inner.1)))),
        known => known.clone(),
    }
}

/// The objects of a nested attribute or block with the steps that lead to them; the value itself if it is one object.
pub(crate) fn objects(value: &Value, single: bool) -> Vec<(Option<Step>, &Value)> {
    match value {
        _ if single => vec![(None, value)],
        Value::List(elements) => {
            (0..).zip(elements).map(|(index, object)| (Some(Step::Index(index)), object)).collect()
        }
        Value::Set(elements) => elements.iter().map(|object| (Some(Step::Element(object.clone())), object)).collect(),
        Value::Map(members) => members.iter().map(|(key, object)| (Some(Step::Key(key.clone())), object)).collect(),
        _ => Vec::new(),
    }
}

/// The value with each attribute replaced by what `change` makes of it, the inner ones first.
pub(crate) fn map_attributes(block: &Block, value: Value, change: &impl Fn(&Attribute, Value) -> Value) -> Value {
    let Value::Map(mut members) = value else { return value };
    map_members(&block.attributes, &mut members, change);
    for (name, nested) in &block.blocks {
        let single = matches!(nested.nesting, BlockNesting::Single | BlockNesting::Group);
        if let Some(value) = members.remove(name) {
            let inner = |object| map_attributes(&nested.block, object, change);
            members.insert(name.clone(), map_objects(value, single, &inner));
        }
    }
    Value::Map(members)
}

fn map_members(
    attributes: &Attributes,
    members: &mut BTreeMap<String, Value>,
    change: &impl Fn(&Attribute, Value) -> Value,
) {
    for (name, attribute) in attributes {
        let Some(mut value) = members.remove(name) else { continue };
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            value = map_objects(value, *nesting == Nesting::Single, &|object| {
                let Value::Map(mut members) = object else { return object };
                map_members(inner, &mut members, change);
                Value::Map(members)
            });
        }
        members.insert(name.clone(), change(attribute, value));
    }
}

fn map_objects(value: Value, single: bool, change: &impl Fn(Value) -> Value) -> Value {
    match value {
        _ if single => change(value),
        Value::List(elements) => Value::List(elements.into_iter().map(change).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(change)),
        Value::Map(members) => Value::Map(members.into_iter().map(|(key, object)| (key, change(object))).collect()),
        other => other,
    }
}
