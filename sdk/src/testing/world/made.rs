//! Values that are made up for what only a provider would know.

use std::collections::BTreeMap;

use framework::schema::{Attribute, Attributes, Block, Check, Shape};
use framework::{Number, Type, Value};

/// `object` with a value in place of each unknown one. The values are the same for the same `number`, which is that of the
/// object: for an attribute `url` of object 2 it is the text `url-2`.
pub(super) fn complete(block: &Block, object: &Value, number: u64) -> Value {
    let Value::Map(members) = object else { return object.clone() };
    let known = |(name, value): (&String, &Value)| {
        let value = match (value, block.attributes.get(name)) {
            (Value::Unknown(_), Some(attribute)) => of_attribute(name, attribute, number),
            (value, _) => without_unknowns(value),
        };
        (name.clone(), value)
    };
    Value::Map(members.iter().map(known).collect())
}

/// What `name` is made up to be.
fn of_attribute(name: &str, attribute: &Attribute, number: u64) -> Value {
    match &attribute.shape {
        Shape::Plain(ty) => of_type(name, ty, &attribute.rules.checks, number),
        Shape::Nested(framework::schema::Nesting::Single, inner) => of_object(inner, number),
        shape @ Shape::Nested(..) => of_type(name, &shape.ty(), &[], number),
    }
}

fn of_object(attributes: &Attributes, number: u64) -> Value {
    let member = |(name, attribute): (&String, &Attribute)| (name.clone(), of_attribute(name, attribute, number));
    Value::Map(attributes.iter().map(member).collect())
}

fn of_type(name: &str, ty: &Type, checks: &[Check], number: u64) -> Value {
    match ty {
        Type::String => text(name, checks, number),
        Type::Number => within(checks, number),
        Type::Bool => false.into(),
        Type::List(_) => Value::List(Vec::new()),
        Type::Set(_) => Value::Set(Vec::new()),
        Type::Map(_) => Value::Map(BTreeMap::new()),
        Type::Tuple(types) => Value::List(types.iter().map(|ty| of_type(name, ty, &[], number)).collect()),
        Type::Object(types) => {
            let member = |(name, ty): (&String, &Type)| (name.clone(), of_type(name, ty, &[], number));
            Value::Map(types.iter().map(member).collect())
        }
        Type::Dynamic => Value::Dynamic(Box::new((Type::String, text(name, &[], number)))),
    }
}

fn text(name: &str, checks: &[Check], number: u64) -> Value {
    let choice = checks.iter().find_map(|check| match check {
        Check::OneOf(choices) => choices.first(),
        _ => None,
    });
    choice.map_or_else(|| Value::string(format!("{name}-{number}")), |choice| Value::string(&choice.value))
}

fn within(checks: &[Check], number: u64) -> Value {
    let mut number = Number::from(i64::try_from(number).unwrap_or(i64::MAX));
    for check in checks {
        if let Check::Range(least, most) = check {
            number = least.clone().map_or(number.clone(), |least| least.max(number));
            number = most.clone().map_or(number.clone(), |most| most.min(number));
        }
    }
    Value::Number(number)
}

/// Null in place of what is unknown deeper in a value.
fn without_unknowns(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.iter().map(without_unknowns).collect()),
        Value::Map(members) => {
            Value::Map(members.iter().map(|(key, value)| (key.clone(), without_unknowns(value))).collect())
        }
        known => known.clone(),
    }
}
