//! What becomes of a configuration once everything is known.

use proptest::prelude::*;

use super::limits::Limits;
use super::{Maker, members, values};
use crate::schema::{Attribute, Attributes, Block, BlockNesting, Check, Mode, NestedBlock, Nesting, Shape};
use crate::{Schema, Type, Value};

const MAKER: Maker = Maker { unknown: 0.0, recorded: false };

/// The configuration with each unknown part replaced by a value that it may turn out to be, within what is known of it
/// and what the schema asks for.
pub fn resolved(schema: &Schema, config: &Value) -> BoxedStrategy<Value> {
    block(&schema.block, config)
}

fn block(schema: &Block, value: &Value) -> BoxedStrategy<Value> {
    if value.is_unknown() {
        return MAKER.block(schema);
    }
    let attributes = schema
        .attributes
        .iter()
        .map(|(name, inner)| (name.clone(), attribute(inner, value.member(name), inner.mode != Mode::Required)));
    let blocks = schema.blocks.iter().map(|(name, nested)| (name.clone(), blocks(nested, value.member(name))));
    members(attributes.chain(blocks).collect())
}

fn blocks(nested: &NestedBlock, value: &Value) -> BoxedStrategy<Value> {
    if value.is_unknown() {
        return MAKER.blocks(nested);
    }
    let single = matches!(nested.nesting, BlockNesting::Single | BlockNesting::Group);
    within(value, single, &|object| block(&nested.block, object))
}

fn attribute(schema: &Attribute, value: &Value, nullable: bool) -> BoxedStrategy<Value> {
    let checks = &schema.rules.checks;
    match &schema.shape {
        _ if schema.mode == Mode::Computed => Just(Value::Null).boxed(),
        Shape::Plain(ty) => of(ty, value, checks, nullable),
        Shape::Nested(..) if value.is_unknown() => anything(schema, value),
        Shape::Nested(nesting, inner) => {
            let limits = Limits::of(checks);
            let single = *nesting == Nesting::Single;
            let limits = if single { limits } else { limits.each() };
            within(value, single, &|object| object_of(inner, object, &limits))
        }
    }
}

fn object_of(attributes: &Attributes, value: &Value, limits: &Limits) -> BoxedStrategy<Value> {
    match value {
        Value::Null => Just(Value::Null).boxed(),
        Value::Unknown(_) => MAKER.nested(Nesting::Single, attributes, limits),
        value => {
            // The one attribute of which exactly one is given is not null, once it is known.
            let nullable = |inner: &Attribute| inner.mode != Mode::Required && !limits.exactly_one;
            let part = |(name, inner): (&String, &Attribute)| {
                (name.clone(), attribute(inner, value.member(name), nullable(inner)))
            };
            members(attributes.iter().map(part).collect())
        }
    }
}

/// A nested attribute of which nothing but perhaps its size is known.
fn anything(schema: &Attribute, value: &Value) -> BoxedStrategy<Value> {
    let value = value.clone();
    let within = move |found: &Value| matches!(&value, Value::Unknown(Some(known)) if !known.admits(found));
    MAKER.given(schema).prop_filter("within what is known", move |found| !within(found)).boxed()
}

fn of(ty: &Type, value: &Value, checks: &[Check], nullable: bool) -> BoxedStrategy<Value> {
    let each = || checks.iter().flat_map(|check| if let Check::Each(each) = check { each.as_slice() } else { &[] });
    let element = |ty: &Type, value: &Value| of(ty, value, &each().cloned().collect::<Vec<_>>(), false);
    match (ty, value) {
        (_, Value::Unknown(known)) => {
            let limits = Limits::of(checks).within(&known.clone().unwrap_or_default());
            let may_be_null = nullable && known.as_ref().is_none_or(|known| known.null != Some(false));
            let given = values::of(ty, &limits, 0.0);
            if may_be_null { prop_oneof![1 => Just(Value::Null), 4 => given].boxed() } else { given }
        }
        (Type::List(ty), Value::List(elements)) => all(elements, |value| element(ty, value), Value::List),
        (Type::Set(ty), Value::Set(elements)) => all(elements, |value| element(ty, value), Value::set),
        (Type::Tuple(types), Value::List(elements)) => {
            let parts: Vec<_> = types.iter().zip(elements).map(|(ty, value)| of(ty, value, &[], false)).collect();
            parts.prop_map(Value::List).boxed()
        }
        (Type::Map(ty), Value::Map(entries)) => {
            members(entries.iter().map(|(key, value)| (key.clone(), element(ty, value))).collect())
        }
        (Type::Object(types), Value::Map(entries)) => {
            let part = |(name, ty): (&String, &Type)| (name.clone(), of(ty, &entries[name], &[], true));
            members(types.iter().map(part).collect())
        }
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let ty = inner.0.clone();
            let wrap = move |inner| Value::Dynamic(Box::new((ty.clone(), inner)));
            of(&inner.0, &inner.1, &[], false).prop_map(wrap).boxed()
        }
        (_, known) => Just(known.clone()).boxed(),
    }
}

fn within(value: &Value, single: bool, one: &dyn Fn(&Value) -> BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    match value {
        Value::Null => Just(Value::Null).boxed(),
        _ if single => one(value),
        Value::List(elements) => all(elements, one, Value::List),
        Value::Set(elements) => all(elements, one, Value::set),
        Value::Map(entries) => members(entries.iter().map(|(key, value)| (key.clone(), one(value))).collect()),
        other => Just(other.clone()).boxed(),
    }
}

fn all(
    elements: &[Value],
    one: impl Fn(&Value) -> BoxedStrategy<Value>,
    collect: fn(Vec<Value>) -> Value,
) -> BoxedStrategy<Value> {
    elements.iter().map(one).collect::<Vec<_>>().prop_map(collect).boxed()
}
