//! That random configurations satisfy the rules of their schema, before and after their unknowns are known.

use proptest::prelude::*;

use super::{config, resolved};
use crate::schema::{Attribute, Attributes, Check, Choice, Mode, Nesting, Rules, Shape};
use crate::{Number, Schema, Type, Value};

fn schema() -> Schema {
    let plain = |ty, checks| {
        let rules = Rules { checks, ..Rules::default() };
        Attribute { rules, ..Attribute::new(Shape::Plain(ty), Mode::Required, "") }
    };
    let either = || {
        let rules = Rules { exclusive: Some("kind".into()), ..Rules::default() };
        Attribute { rules, ..Attribute::new(Shape::Plain(Type::String), Mode::Optional, "") }
    };
    let choice = |value: &str| Choice { value: value.into(), description: String::new() };
    let choices = || vec![Check::OneOf(vec![choice("red"), choice("green")])];
    let alone = Attributes::from([("left".to_owned(), either()), ("right".to_owned(), plain(Type::Bool, vec![]))]);
    let variants = Attribute {
        rules: Rules { checks: vec![Check::Each(vec![Check::ExactlyOne])], ..Rules::default() },
        ..Attribute::new(Shape::Nested(Nesting::List, alone), Mode::Required, "")
    };
    let range = Check::Range(Some(Number::from(3)), Some(Number::from(7)));
    let attributes = [
        ("color", plain(Type::String, choices())),
        ("colors", plain(Type::Map(Box::new(Type::String)), vec![Check::Each(choices()), Check::Length(1, Some(2))])),
        ("count", plain(Type::Number, vec![Check::Integer, range])),
        ("label", plain(Type::String, vec![Check::Length(2, Some(5))])),
        ("either", either()),
        ("or", either()),
        ("variants", variants),
    ];
    Schema::of("", attributes.map(|(name, attribute)| (name.to_owned(), attribute)).into())
}

/// Whether a value, where it is known, satisfies the rules of [`schema`].
fn holds(config: &Value) -> bool {
    let member = |name| config.member(name);
    let text =
        |value: &Value, allowed: &dyn Fn(&str) -> bool| value.is_unknown() || value.as_str().is_some_and(allowed);
    let color = |value: &Value| text(value, &|text| ["red", "green"].contains(&text));
    let colors = |value: &Value| {
        value.is_unknown() || value.as_map().is_some_and(|map| (1..=2).contains(&map.len()) && map.values().all(color))
    };
    let count = |value: &Value| {
        value.is_unknown() || value.as_number().and_then(Number::to_i64).is_some_and(|count| (3..=7).contains(&count))
    };
    let variant = |value: &Value| {
        value.is_unknown()
            || value.as_map().is_some_and(|map| map.values().filter(|value| !value.is_null()).count() == 1)
    };
    let variants = |value: &Value| value.as_elements().is_none_or(|elements| elements.iter().all(variant));
    color(member("color"))
        && colors(member("colors"))
        && count(member("count"))
        && text(member("label"), &|text| (2..=5).contains(&text.len()))
        && (member("either").is_null() || member("or").is_null())
        && variants(member("variants"))
}

proptest! {
    #[test]
    fn rules_hold_for_what_is_known(config in config(&schema(), 0.2)) {
        prop_assert!(holds(&config));
    }

    #[test]
    fn rules_hold_once_everything_is_known(
        config in config(&schema(), 0.4).prop_flat_map(|config| resolved(&schema(), &config)),
    ) {
        prop_assert!(config.is_wholly_known() && holds(&config));
    }
}
