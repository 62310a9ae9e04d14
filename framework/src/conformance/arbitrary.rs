//! Strategies for property tests: random values, configurations and states, by type or schema.
//!
//! They let a test drive any provider through plan and apply with what users may write. Values mostly satisfy the rules
//! of the schema (choices, ranges, lengths, exclusive groups), so that most runs get past validation.

mod limits;
mod resolved;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::schema::{Attribute, Attributes, Block, BlockNesting, Check, Mode, NestedBlock, Nesting, Shape};
use crate::{Schema, Type, Value};
use limits::Limits;

pub use resolved::resolved;

/// A wholly known value of type `ty`, not null itself.
pub fn value(ty: &Type) -> BoxedStrategy<Value> {
    values::of(ty, &Limits::default(), 0.0)
}

/// A configuration: required attributes are given, attributes that only the provider gives are null, and each value and
/// element is unknown at the rate `unknown` (0.0 to 1.0), half of them with something known about it.
pub fn config(schema: &Schema, unknown: f64) -> BoxedStrategy<Value> {
    Maker { unknown, recorded: false }.block(&schema.block)
}

/// A state as it may be recorded: wholly known, with values for computed attributes, null for write-only ones.
pub fn prior(schema: &Schema) -> BoxedStrategy<Value> {
    Maker { unknown: 0.0, recorded: true }.block(&schema.block)
}

/// Makes strategies for objects.
#[derive(Clone, Copy)]
struct Maker {
    unknown: f64,
    /// Whether the objects are recorded states, not configurations.
    recorded: bool,
}

impl Maker {
    fn block(self, block: &Block) -> BoxedStrategy<Value> {
        let blocks: BTreeMap<String, _> =
            block.blocks.iter().map(|(name, nested)| (name.clone(), self.blocks(nested))).collect();
        (self.object(&block.attributes), members(blocks))
            .prop_map(|(attributes, blocks)| {
                let both = [attributes, blocks].into_iter().filter_map(|value| match value {
                    Value::Map(members) => Some(members),
                    _ => None,
                });
                Value::Map(both.flatten().collect())
            })
            .boxed()
    }

    fn blocks(self, nested: &NestedBlock) -> BoxedStrategy<Value> {
        let one = self.block(&nested.block);
        let most = if nested.max == 0 { None } else { Some(nested.max) };
        let limits = Limits::of(&[Check::Length(nested.min, most)]);
        match nested.nesting {
            BlockNesting::Single if nested.min == 0 => prop_oneof![Just(Value::Null), one].boxed(),
            BlockNesting::Single | BlockNesting::Group => one,
            BlockNesting::List => values::list(one, &limits),
            BlockNesting::Set => values::set(one, &limits),
            BlockNesting::Map => values::map(one, &limits),
        }
    }

    fn object(self, attributes: &Attributes) -> BoxedStrategy<Value> {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, attribute) in attributes {
            if let Some(group) = &attribute.rules.exclusive {
                groups.entry(group.clone()).or_default().push(name.clone());
            }
        }
        let all = attributes.iter().map(|(name, attribute)| (name.clone(), self.attribute(attribute))).collect();
        (members(all), any::<Index>())
            .prop_map(move |(object, pick)| {
                let Value::Map(mut members) = object else { return object };
                for group in groups.values() {
                    let given: Vec<_> = group.iter().filter(|name| !members[*name].is_null()).cloned().collect();
                    let kept = if given.is_empty() { 0 } else { pick.index(given.len()) };
                    for (_, name) in given.into_iter().enumerate().filter(|(position, _)| *position != kept) {
                        members.insert(name, Value::Null);
                    }
                }
                Value::Map(members)
            })
            .boxed()
    }

    fn attribute(self, attribute: &Attribute) -> BoxedStrategy<Value> {
        let absent = if self.recorded { attribute.write_only } else { attribute.mode == Mode::Computed };
        if absent {
            return Just(Value::Null).boxed();
        }
        let given = self.given(attribute);
        match attribute.mode {
            Mode::Required => given,
            Mode::Optional | Mode::OptionalComputed => prop_oneof![2 => Just(Value::Null), 3 => given].boxed(),
            Mode::Computed => prop_oneof![1 => Just(Value::Null), 4 => given].boxed(),
        }
    }

    /// A value of the attribute that is not null, or is unknown.
    fn given(self, attribute: &Attribute) -> BoxedStrategy<Value> {
        let limits = Limits::of(&attribute.rules.checks);
        match &attribute.shape {
            Shape::Plain(ty) => values::of_or_unknown(ty, &limits, self.unknown),
            Shape::Nested(nesting, inner) => {
                let known = self.nested(*nesting, inner, &limits);
                values::or_unknown(known, &attribute.shape.ty(), &limits, self.unknown)
            }
        }
    }

    fn nested(self, nesting: Nesting, attributes: &Attributes, limits: &Limits) -> BoxedStrategy<Value> {
        let one = |limits: &Limits| {
            if limits.exactly_one { self.exactly_one(attributes) } else { self.object(attributes) }
        };
        match nesting {
            Nesting::Single => one(limits),
            Nesting::List => values::list(one(&limits.each()), limits),
            Nesting::Set => values::set(one(&limits.each()), limits),
            Nesting::Map => values::map(one(&limits.each()), limits),
        }
    }

    fn exactly_one(self, attributes: &Attributes) -> BoxedStrategy<Value> {
        let names: Vec<String> = attributes.keys().cloned().collect();
        let alone = |(chosen, attribute): (&String, &Attribute)| {
            let (chosen, names) = (chosen.clone(), names.clone());
            self.given(attribute).prop_map(move |value| {
                let others = names.iter().map(|name| (name.clone(), Value::Null));
                Value::map(others.chain([(chosen.clone(), value)]))
            })
        };
        let inputs = attributes.iter().filter(|(_, attribute)| attribute.mode.is_input());
        proptest::strategy::Union::new(inputs.map(|attribute| alone(attribute).boxed())).boxed()
    }
}

/// An object of one value from each strategy.
fn members(strategies: BTreeMap<String, BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    let (names, strategies): (Vec<_>, Vec<_>) = strategies.into_iter().unzip();
    strategies.prop_map(move |values| Value::map(names.iter().cloned().zip(values))).boxed()
}
