//! Values by type, within limits, some of them unknown.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::limits::Limits;
use super::members;
use crate::value::Refinement;
use crate::{Number, Type, Value};

/// How many elements a collection has at most, beyond those it must have.
const ELEMENTS: usize = 3;
/// How long a text is at most, beyond its least length.
const TEXT: usize = 8;

/// A known value of the type that is not null itself; parts of it are unknown at the rate `unknown`.
pub(super) fn of(ty: &Type, limits: &Limits, unknown: f64) -> BoxedStrategy<Value> {
    let part = |ty: &Type| of_or_unknown(ty, &Limits::default(), unknown);
    let element = |ty: &Type| of_or_unknown(ty, &limits.each(), unknown);
    match ty {
        Type::String => text(limits),
        Type::Number => number(limits),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::List(ty) => list(element(ty), limits),
        Type::Set(ty) => set(element(ty), limits),
        Type::Map(ty) => map(element(ty), limits),
        Type::Tuple(types) => types.iter().map(part).collect::<Vec<_>>().prop_map(Value::List).boxed(),
        Type::Object(types) => {
            let maybe = |ty: &Type| prop_oneof![1 => Just(Value::Null), 4 => part(ty)].boxed();
            members(types.iter().map(|(name, ty)| (name.clone(), maybe(ty))).collect())
        }
        Type::Dynamic => dynamic(unknown),
    }
}

/// The same, and unknown as a whole at the rate `unknown`.
pub(super) fn of_or_unknown(ty: &Type, limits: &Limits, unknown: f64) -> BoxedStrategy<Value> {
    or_unknown(of(ty, limits, unknown), ty, limits, unknown)
}

/// A value of `known`, or one of type `ty` that is unknown, at the rate `unknown`.
pub(super) fn or_unknown(
    known: BoxedStrategy<Value>,
    ty: &Type,
    limits: &Limits,
    unknown: f64,
) -> BoxedStrategy<Value> {
    if unknown <= 0.0 {
        return known;
    }
    let (unknowns, ty) = (refined(ty, limits), ty.clone());
    (proptest::bool::weighted(unknown.min(1.0)), known, unknowns)
        .prop_map(move |(is_unknown, known, unknown)| match (is_unknown, &ty, known) {
            (false, _, known) => known,
            // A type that is left open is left open by the unknown value too.
            (true, Type::Dynamic, _) => Value::UNKNOWN,
            (true, ..) => unknown,
        })
        .boxed()
}

/// An unknown value, half of the time with something known about it that its limits allow.
fn refined(ty: &Type, limits: &Limits) -> BoxedStrategy<Value> {
    let not_null = Refinement { null: Some(false), ..Refinement::default() };
    let (low, high) = limits.bounds();
    let lengths = limits.lengths(ELEMENTS);
    let known = match ty {
        Type::String if limits.choices.is_none() && !limits.sized => {
            "[a-z]{1,3}".prop_map(move |prefix| Refinement { prefix: Some(prefix), ..not_null.clone() }).boxed()
        }
        Type::Number => {
            let bound = |bound: i64| Some((Number::from(bound), true));
            Just(Refinement { min: bound(low), max: bound(high), ..not_null }).boxed()
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            let (least, most) = (*lengths.start() as u64, *lengths.end() as u64);
            Just(Refinement { min_length: Some(least), max_length: Some(most), ..not_null }).boxed()
        }
        _ => Just(not_null).boxed(),
    };
    prop_oneof![Just(Value::UNKNOWN), known.prop_map(|known| Value::Unknown(Some(Box::new(known))))].boxed()
}

fn text(limits: &Limits) -> BoxedStrategy<Value> {
    if let Some(choices) = limits.choices.clone() {
        return select(choices).prop_map(Value::from).boxed();
    }
    if limits.sized || !limits.prefix.is_empty() {
        let (prefix, lengths) = (limits.prefix.clone(), limits.lengths(TEXT));
        let rest = lengths.start().saturating_sub(prefix.len())..=lengths.end().saturating_sub(prefix.len());
        let letter = proptest::char::range('a', 'z');
        return vec(letter, rest)
            .prop_map(move |rest| Value::string(prefix.chars().chain(rest).collect::<String>()))
            .boxed();
    }
    // What tends to break out of quotes, paths and templates.
    let awkward =
        ["", " ", ".", "..", "a/b", "../x", "/", "a\\b", "\"", "'", "a\nb", "${x}", "%{if}", "${{ x }}", "null"];
    prop_oneof![
        6 => "[a-z][a-z0-9-]{0,7}".prop_map(Value::from),
        1 => "\\PC{0,8}".prop_map(Value::from),
        1 => select(awkward.to_vec()).prop_map(Value::from),
    ]
    .boxed()
}

fn number(limits: &Limits) -> BoxedStrategy<Value> {
    let (low, high) = limits.bounds();
    let whole = (low..=high).prop_map(Value::from);
    if limits.integer || low == high {
        return whole.boxed();
    }
    let half = (low..high).prop_map(|below| {
        // Half-way between an integer and the next: the sign of a negative number belongs to the whole of it.
        let text = if below < 0 { format!("{}.5", below + 1) } else { format!("{below}.5") };
        let text = if below == -1 { "-0.5".to_owned() } else { text };
        text.parse::<Number>().map_or(Value::from(below), Value::Number)
    });
    prop_oneof![3 => whole, 1 => half].boxed()
}

fn dynamic(unknown: f64) -> BoxedStrategy<Value> {
    let leaf = || select(vec![Type::String, Type::Number, Type::Bool]);
    let ty = leaf().prop_recursive(2, 6, 2, |inner| {
        let object = proptest::collection::btree_map("[a-z]{1,2}", inner.clone(), 0..3).prop_map(Type::Object);
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            object,
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Set(Box::new(ty))),
            inner.prop_map(|ty| Type::Map(Box::new(ty))),
        ]
    });
    ty.prop_flat_map(move |ty| {
        let inner = of(&ty, &Limits::default(), unknown);
        inner.prop_map(move |inner| Value::Dynamic(Box::new((ty.clone(), inner))))
    })
    .boxed()
}

/// A list of elements of one strategy.
pub(super) fn list(element: BoxedStrategy<Value>, limits: &Limits) -> BoxedStrategy<Value> {
    vec(element, limits.lengths(ELEMENTS)).prop_map(Value::List).boxed()
}

/// A set of elements of one strategy. Elements that turn out equal make it shorter than the limits say.
pub(super) fn set(element: BoxedStrategy<Value>, limits: &Limits) -> BoxedStrategy<Value> {
    vec(element, limits.lengths(ELEMENTS)).prop_map(Value::set).boxed()
}

/// A map of values of one strategy.
pub(super) fn map(element: BoxedStrategy<Value>, limits: &Limits) -> BoxedStrategy<Value> {
    let members = proptest::collection::btree_map("[a-z]{1,4}", element, limits.lengths(ELEMENTS));
    members.prop_map(|members: BTreeMap<String, Value>| Value::Map(members)).boxed()
}
