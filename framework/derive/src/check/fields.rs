//! Rules of a field by itself.

use syn::{Expr, ExprLit, ExprRange, ExprUnary, Ident, Lit, LitStr, UnOp};

use crate::errors::Errors;
use crate::model::{Field, Role};
use crate::names;
use crate::parse::Given;
use crate::types::{Kind, kind};

pub(super) fn a_field_is_described(errors: &Errors, _: &Role, field: &Field) {
    if field.docs.is_empty() {
        let name = &field.name;
        errors.at(&field.ident, format!("`{name}` needs a description for the schema: write `/// ...` above it"));
    }
}

pub(super) fn names_are_attribute_names(errors: &Errors, _: &Role, field: &Field) {
    if !names::is_attribute(&field.name) {
        errors.at(&field.ident, "an attribute's name has small letters, digits and underscores only");
    }
}

pub(super) fn outputs_have_no_rules_for_users(errors: &Errors, role: &Role, field: &Field) {
    if !matches!(role, Role::Outputs) {
        return;
    }
    let rules = &field.rules;
    let keys = [
        key(rules.default.as_ref()),
        rules.replace.as_ref(),
        rules.write_only.as_ref(),
        key(rules.range.as_ref()),
        key(rules.length.as_ref()),
        key(rules.one_of.as_ref()),
        key(rules.exclusive.as_ref()),
    ];
    for key in keys.into_iter().flatten() {
        errors.at(key, format!("`{key}` is about what users write, but outputs come from the provider alone"));
    }
}

fn key<T>(given: Option<&Given<T>>) -> Option<&Ident> {
    given.map(|given| &given.key)
}

pub(super) fn defaults_are_not_for_options(errors: &Errors, _: &Role, field: &Field) {
    if let (Some(default), true) = (&field.rules.default, field.is_option) {
        errors.at(&default.key, "with a default there is always a value: write the type without `Option`");
    }
}

pub(super) fn exclusive_needs_an_option(errors: &Errors, role: &Role, field: &Field) {
    if let (Some(group), false, false) = (&field.rules.exclusive, field.is_option, matches!(role, Role::Outputs)) {
        errors.at(&group.key, "whoever gives another of the group must leave this one out: make the type an `Option`");
    }
}

pub(super) fn deprecated_can_be_left_out(errors: &Errors, role: &Role, field: &Field) {
    if let (Some(deprecated), true) = (&field.rules.deprecated, field.is_required() && !matches!(role, Role::Outputs)) {
        errors.at(&deprecated.key, "users must give this attribute: make it optional before it is deprecated");
    }
}

pub(super) fn write_only_is_not_stored(errors: &Errors, role: &Role, field: &Field) {
    if field.rules.write_only.is_none() || matches!(role, Role::Outputs) {
        return;
    }
    if let Some(default) = &field.rules.default {
        errors.at(&default.key, "a write-only attribute is not stored, so it cannot have a default");
    }
    if let Some(replace) = &field.rules.replace {
        errors.at(replace, "a write-only attribute is not stored, so nobody can see it change");
    }
}

pub(super) fn ranges_are_for_numbers(errors: &Errors, role: &Role, field: &Field) {
    expect_kind(errors, role, field, key(field.rules.range.as_ref()), &[Kind::Number], "numbers");
}

pub(super) fn lengths_are_for_texts_and_collections(errors: &Errors, role: &Role, field: &Field) {
    let kinds = [Kind::String, Kind::Path, Kind::Collection];
    expect_kind(errors, role, field, key(field.rules.length.as_ref()), &kinds, "strings, paths, lists, sets and maps");
}

pub(super) fn choices_are_for_strings(errors: &Errors, role: &Role, field: &Field) {
    expect_kind(errors, role, field, key(field.rules.one_of.as_ref()), &[Kind::String], "strings");
}

/// The kind is told by the name of the type, so a type under another name is refused: what it hides is not known here.
fn expect_kind(errors: &Errors, role: &Role, field: &Field, key: Option<&Ident>, kinds: &[Kind], what: &str) {
    let Some(key) = key.filter(|_| !matches!(role, Role::Outputs)) else { return };
    if !kinds.contains(&kind(&field.inner)) {
        errors.at(key, format!("`{key}` is for {what}, whose types stand under their own names"));
    }
}

pub(super) fn bounds_are_in_order(errors: &Errors, _: &Role, field: &Field) {
    for range in [&field.rules.range, &field.rules.length].into_iter().flatten() {
        let (from, to) = bounds(&range.value);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            errors.at(&range.value, "nothing lies within these bounds: the lower one comes first");
        }
    }
}

pub(super) fn choices_are_distinct(errors: &Errors, _: &Role, field: &Field) {
    let Some(choices) = &field.rules.one_of else { return };
    if choices.value.is_empty() {
        errors.at(&choices.key, "at least one text must be allowed");
    }
    for (position, choice) in choices.value.iter().enumerate() {
        if choices.value[..position].contains(choice) {
            errors.at(choice, format!("{:?} stands here twice", choice.value()));
        }
    }
}

/// A default that is written as a literal is held against the rules; others are not known here.
pub(super) fn a_default_obeys_the_rules(errors: &Errors, _: &Role, field: &Field) {
    let Some(default) = &field.rules.default else { return };
    let rules = &field.rules;
    let outside = |range: Option<&Given<ExprRange>>, value: Option<i128>| {
        let (Some(range), Some(value)) = (range, value) else { return false };
        let (from, to) = bounds(&range.value);
        from.is_some_and(|from| value < from) || to.is_some_and(|to| value > to)
    };
    let text = text(&default.value);
    let length = text.as_ref().and_then(|text| i128::try_from(text.value().chars().count()).ok());
    if outside(rules.range.as_ref(), integer(&default.value)) || outside(rules.length.as_ref(), length) {
        errors.at(&default.value, "the default lies outside the bounds");
    }
    if let (Some(choices), Some(text)) = (&rules.one_of, text)
        && !choices.value.contains(&text)
    {
        errors.at(&default.value, "the default is none of the texts that are allowed");
    }
}

fn bounds(range: &ExprRange) -> (Option<i128>, Option<i128>) {
    let bound = |bound: &Option<Box<Expr>>| bound.as_deref().and_then(integer);
    (bound(&range.start), bound(&range.end))
}

fn integer(value: &Expr) -> Option<i128> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => integer.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => integer(expr)?.checked_neg(),
        _ => None,
    }
}

fn text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}
