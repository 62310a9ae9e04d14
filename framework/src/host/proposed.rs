//! The proposed new state: the configuration, with what only the provider knows taken over from the prior state.

use std::collections::BTreeMap;

use super::config::empty;
use crate::conformance::{alike, element, entry, member, objects};
use crate::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Shape};
use crate::{Schema, Value};

/// Merges `config` with `prior`, as core does before it asks for a plan: configured values are taken, computed ones that
/// are not configured keep their prior value, and the objects of nested attributes and blocks are paired by position,
/// key, or (in sets) by what was configured of them.
///
/// # Assumptions
/// Both conform to `schema`, and `prior` is wholly known. A null `prior` stands for an object that is not there yet.
pub fn proposed_new(schema: &Schema, prior: &Value, config: &Value) -> Value {
    block_or_prior(&schema.block, prior, config)
}

fn block_or_prior(block: &Block, prior: &Value, config: &Value) -> Value {
    match (prior, config) {
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, Value::Unknown(_)) => empty(block),
        (prior, Value::Null | Value::Unknown(_)) => prior.clone(),
        (Value::Null, config) => of_block(block, &empty(block), config),
        (prior, config) => of_block(block, prior, config),
    }
}

fn of_block(block: &Block, prior: &Value, config: &Value) -> Value {
    let mut members = of_attributes(&block.attributes, prior, config);
    for (name, nested) in &block.blocks {
        members.insert(name.clone(), of_blocks(nested, member(prior, name), member(config, name)));
    }
    Value::Map(members)
}

fn of_blocks(nested: &NestedBlock, prior: &Value, config: &Value) -> Value {
    let block = &nested.block;
    let one = |prior: &Value, config: &Value| block_or_prior(block, prior, config);
    match nested.nesting {
        _ if config.is_unknown() => config.clone(),
        BlockNesting::Single if config.is_null() => Value::Null,
        BlockNesting::Single | BlockNesting::Group => one(prior, config),
        BlockNesting::List => of_list(prior, config, one),
        BlockNesting::Map => of_map(prior, config, one),
        BlockNesting::Set => of_set(prior, config, one, |prior, config| block_from(block, prior, config)),
    }
}

fn of_attributes(attributes: &Attributes, prior: &Value, config: &Value) -> BTreeMap<String, Value> {
    let of = |(name, attribute): (&String, &Attribute)| {
        (name.clone(), of_attribute(attribute, member(prior, name), member(config, name)))
    };
    attributes.iter().map(of).collect()
}

fn of_attribute(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    match &attribute.shape {
        _ if attribute.mode.is_computed() && config.is_null() => {
            if was_configured(attribute, prior) {
                Value::Null
            } else {
                prior.clone()
            }
        }
        Shape::Nested(nesting, inner) if !config.is_unknown() => of_nested(*nesting, inner, prior, config),
        _ => config.clone(),
    }
}

fn of_nested(nesting: Nesting, attributes: &Attributes, prior: &Value, config: &Value) -> Value {
    let one = |prior: &Value, config: &Value| match config {
        Value::Null => Value::Null,
        config => Value::Map(of_attributes(attributes, prior, config)),
    };
    match nesting {
        Nesting::Single => one(prior, config),
        Nesting::List => of_list(prior, config, one),
        Nesting::Map => of_map(prior, config, one),
        Nesting::Set => of_set(prior, config, one, |prior, config| attributes_from(attributes, prior, config)),
    }
}

fn of_list(prior: &Value, config: &Value, one: impl Fn(&Value, &Value) -> Value) -> Value {
    let Value::List(configured) = config else { return config.clone() };
    let priors = prior.as_elements().unwrap_or_default();
    let merge = |(index, config): (usize, &Value)| priors.get(index).map_or(config.clone(), |prior| one(prior, config));
    Value::List(configured.iter().enumerate().map(merge).collect())
}

fn of_map(prior: &Value, config: &Value, one: impl Fn(&Value, &Value) -> Value) -> Value {
    let Value::Map(configured) = config else { return config.clone() };
    let merge = |(key, config): (&String, &Value)| {
        (key.clone(), entry(prior, key).map_or(config.clone(), |prior| one(prior, config)))
    };
    Value::Map(configured.iter().map(merge).collect())
}

/// Each configured element takes the first prior one, not yet taken, that can have come from it.
fn of_set(
    prior: &Value,
    config: &Value,
    one: impl Fn(&Value, &Value) -> Value,
    comes_from: impl Fn(&Value, &Value) -> bool,
) -> Value {
    let Value::Set(configured) = config else { return config.clone() };
    let mut left: Vec<&Value> = prior.as_elements().unwrap_or_default().iter().collect();
    let mut merge = |config: &Value| {
        let found = left.iter().position(|prior| comes_from(prior, config));
        let prior = found.map(|position| left.remove(position));
        one(prior.unwrap_or(&Value::Null), config)
    };
    Value::set(configured.iter().map(&mut merge).collect::<Vec<_>>())
}

/// Whether a nested attribute that the user may configure holds, in the prior state, what only the user can have given.
/// Then it was configured and no longer is, and the prior value must not be kept.
fn was_configured(attribute: &Attribute, prior: &Value) -> bool {
    match &attribute.shape {
        Shape::Nested(nesting, inner) if attribute.mode == Mode::OptionalComputed => {
            objects(prior, *nesting == Nesting::Single).into_iter().any(|(_, object)| holds_configured(inner, object))
        }
        _ => false,
    }
}

fn holds_configured(attributes: &Attributes, object: &Value) -> bool {
    attributes.iter().any(|(name, attribute)| {
        let value = object.member(name);
        let inside = || match &attribute.shape {
            Shape::Nested(nesting, inner) => objects(value, *nesting == Nesting::Single)
                .into_iter()
                .any(|(_, object)| holds_configured(inner, object)),
            Shape::Plain(_) => false,
        };
        !value.is_null() && (!attribute.mode.is_computed() || inside())
    })
}

/// Whether the prior block can have come from the configured one: it differs only in what the provider computed.
fn block_from(block: &Block, prior: &Value, config: &Value) -> bool {
    alike(prior, config)
        || prior.is_null()
        || (!config.is_null()
            && attributes_from(&block.attributes, prior, config)
            && block.blocks.iter().all(|(name, nested)| {
                let (prior, config) = (member(prior, name), member(config, name));
                let one = |prior: &Value, config: &Value| block_from(&nested.block, prior, config);
                match nested.nesting {
                    BlockNesting::Single | BlockNesting::Group => one(prior, config),
                    BlockNesting::List => list_from(prior, config, one),
                    BlockNesting::Map => map_from(prior, config, one),
                    BlockNesting::Set => alike(prior, config),
                }
            }))
}

fn attributes_from(attributes: &Attributes, prior: &Value, config: &Value) -> bool {
    alike(prior, config)
        || prior.is_null()
        || (!config.is_null()
            && attributes
                .iter()
                .all(|(name, attribute)| attribute_from(attribute, member(prior, name), member(config, name))))
}

fn attribute_from(attribute: &Attribute, prior: &Value, config: &Value) -> bool {
    let one = |inner: &Attributes, prior: &Value, config: &Value| attributes_from(inner, prior, config);
    alike(prior, config)
        || match &attribute.shape {
            Shape::Plain(_) => attribute.mode.is_computed() && config.is_null(),
            Shape::Nested(Nesting::Single, inner) => one(inner, prior, config),
            Shape::Nested(Nesting::List, inner) => list_from(prior, config, |prior, config| one(inner, prior, config)),
            Shape::Nested(Nesting::Map, inner) => map_from(prior, config, |prior, config| one(inner, prior, config)),
            // The elements of a set inside a set have nothing by which to pair them.
            Shape::Nested(Nesting::Set, _) => false,
        }
}

fn list_from(prior: &Value, config: &Value, one: impl Fn(&Value, &Value) -> bool) -> bool {
    let configured = config.as_elements().map_or(0, <[Value]>::len);
    let priors = prior.as_elements().unwrap_or_default();
    config.is_unknown()
        || (priors.len() <= configured
            && priors.iter().enumerate().all(|(index, prior)| one(prior, element(config, index))))
}

fn map_from(prior: &Value, config: &Value, one: impl Fn(&Value, &Value) -> bool) -> bool {
    let mut priors = prior.as_map().into_iter().flatten();
    config.is_unknown() || priors.all(|(key, prior)| entry(config, key).is_some_and(|config| one(prior, config)))
}
