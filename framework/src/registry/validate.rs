//! Checks a configuration against the rules of its schema.

use std::collections::BTreeMap;

use crate::choice::closest;
use crate::schema::{Attribute, Attributes, Check, Mode, Nesting, Shape};
use crate::{Diagnostic, Diagnostics, Path, Schema, Value};

/// Everything about `config` that the schema does not allow, and what it discourages. Unknown parts are passed over.
pub(super) fn check(schema: &Schema, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    if config.as_map().is_some() {
        object(&schema.block.attributes, config, &Path::root(), &mut found);
    } else if !config.is_unknown() {
        found.push(Diagnostic::bug(format!("A configuration must be an object, not {}.", config.kind())));
    }
    found
}

fn object(attributes: &Attributes, object: &Value, path: &Path, found: &mut Diagnostics) {
    for (name, attribute) in attributes {
        self::attribute(attribute, object.member(name), &path.attribute(name), found);
    }
    exclusive(attributes, object, path, found);
}

fn attribute(attribute: &Attribute, value: &Value, path: &Path, found: &mut Diagnostics) {
    match value {
        Value::Null => {
            if attribute.mode == Mode::Required {
                let detail = format!("`{path}` is required.");
                found.push(Diagnostic::error("Missing required attribute", detail).at(path.clone()));
            }
            return;
        }
        _ if !attribute.mode.is_input() => {
            let detail = format!("`{path}` is given by the provider; remove it from the configuration.");
            found.push(Diagnostic::error("Read-only attribute", detail).at(path.clone()));
            return;
        }
        _ => {}
    }
    if let Some(instead) = &attribute.deprecated {
        found.push(Diagnostic::warning("Deprecated attribute", instead.as_str()).at(path.clone()));
    }
    if value.is_unknown() {
        return;
    }
    if let Shape::Nested(nesting, attributes) = &attribute.shape {
        for (path, element) in elements(*nesting, value, path) {
            if element.as_map().is_some() {
                self::object(attributes, element, &path, found);
            }
        }
    }
    rules(&attribute.rules.checks, value, attribute.sensitive, path, found);
}

/// The objects of a nested attribute, each with its path.
fn elements<'v>(nesting: Nesting, value: &'v Value, path: &Path) -> Vec<(Path, &'v Value)> {
    match (nesting, value) {
        (Nesting::List, Value::List(elements)) => {
            (0..).zip(elements).map(|(index, element)| (path.index(index), element)).collect()
        }
        (Nesting::Set, Value::Set(elements)) => {
            elements.iter().map(|element| (path.element(element.clone()), element)).collect()
        }
        (Nesting::Map, Value::Map(members)) => members.iter().map(|(key, element)| (path.key(key), element)).collect(),
        _ => vec![(path.clone(), value)],
    }
}

fn exclusive(attributes: &Attributes, object: &Value, path: &Path, found: &mut Diagnostics) {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, attribute) in attributes {
        if let Some(group) = &attribute.rules.exclusive
            && !object.member(name).is_null()
            && !object.member(name).is_unknown()
        {
            groups.entry(group).or_default().push(name);
        }
    }
    for (_, names) in groups.into_iter().filter(|(_, names)| names.len() > 1) {
        let detail = format!("Only one of {} may be given.", list(&names, "and"));
        found.push(Diagnostic::error("Conflicting attributes", detail).at(path.attribute(names[1])));
    }
}

/// Names in prose: `a`, `b` and `c`.
fn list(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {conjunction} {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn rules(checks: &[Check], value: &Value, sensitive: bool, path: &Path, found: &mut Diagnostics) {
    for check in checks {
        match (check, value) {
            (_, Value::Null | Value::Unknown(_)) => {}
            (Check::Each(checks), Value::List(elements)) => {
                for (index, element) in (0..).zip(elements) {
                    rules(checks, element, sensitive, &path.index(index), found);
                }
            }
            (Check::Each(checks), Value::Set(elements)) => {
                for element in elements {
                    rules(checks, element, sensitive, &path.element(element.clone()), found);
                }
            }
            (Check::Each(checks), Value::Map(members)) => {
                for (key, element) in members {
                    rules(checks, element, sensitive, &path.key(key), found);
                }
            }
            _ => {
                if let Some(expected) = violated(check, value) {
                    let (shown, hint) = if sensitive { Default::default() } else { (shown(value), hint(check, value)) };
                    let detail = format!("`{path}` must be {expected}{shown}.{hint}");
                    found.push(Diagnostic::error("Invalid value", detail).at(path.clone()));
                }
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() <= 100 => format!(", not {text:?}"),
        Value::Number(number) => format!(", not {number}"),
        _ => String::new(),
    }
}

/// The choice that was probably meant.
fn hint(check: &Check, value: &Value) -> String {
    match (check, value) {
        (Check::OneOf(choices), Value::String(text)) => {
            closest(text, choices.iter().map(|choice| choice.value.as_str()))
                .map(|choice| format!(" Did you mean `{choice}`?"))
                .unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// What was expected, when `value` does not satisfy `check`.
fn violated(check: &Check, value: &Value) -> Option<String> {
    match (check, value) {
        (Check::Integer, Value::Number(number)) => (!number.is_integer()).then(|| "a whole number".to_owned()),
        (Check::Range(min, max), Value::Number(number)) => {
            let inside = min.as_ref().is_none_or(|min| number >= min) && max.as_ref().is_none_or(|max| number <= max);
            (!inside).then(|| match (min, max) {
                (Some(min), Some(max)) => format!("from {min} to {max}"),
                (Some(min), None) => format!("{min} or more"),
                (None, Some(max)) => format!("{max} or less"),
                (None, None) => "a number".to_owned(),
            })
        }
        (Check::OneOf(choices), Value::String(text)) => {
            let names: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
            (!names.contains(&text.as_str())).then(|| list(&names, "or"))
        }
        (Check::Length(min, max), _) => {
            let length = match value {
                Value::String(text) => text.chars().count(),
                Value::List(elements) | Value::Set(elements) => elements.len(),
                Value::Map(members) => members.len(),
                _ => return None,
            } as u64;
            let unit = if value.as_str().is_some() { "characters" } else { "elements" };
            let inside = length >= *min && max.is_none_or(|max| length <= max);
            (!inside).then(|| match max {
                Some(max) => format!("{min} to {max} {unit} long"),
                None => format!("at least {min} {unit} long"),
            })
        }
        (Check::ExactlyOne, Value::Map(members)) => {
            let given = members.values().filter(|member| !member.is_null()).count();
            let names: Vec<_> = members.keys().map(String::as_str).collect();
            (given != 1).then(|| format!("an object with exactly one of {}", list(&names, "and")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Choice, Rules};
    use crate::{Number, Type};

    fn optional(ty: Type, checks: Vec<Check>) -> Attribute {
        let rules = Rules { checks, ..Rules::default() };
        Attribute { rules, ..Attribute::new(Shape::Plain(ty), Mode::Optional, "A test.") }
    }

    #[track_caller]
    fn check(attribute: Attribute, value: Value, expected: &[&str]) {
        let schema = Schema::of("", [("a".to_owned(), attribute)].into());
        let found = super::check(&schema, &Value::map([("a", value)]));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers() {
        let port = || optional(Type::Number, vec![Check::Integer, Check::Range(Some(1.into()), Some(10.into()))]);
        check(port(), 3.into(), &[]);
        check(port(), Value::UNKNOWN, &[]);
        check(port(), 11.into(), &["error: a: Invalid value\n`a` must be from 1 to 10, not 11."]);
        let half = Value::Number("1.5".parse::<Number>().expect("a number"));
        check(port(), half, &["error: a: Invalid value\n`a` must be a whole number, not 1.5."]);
    }

    #[test]
    fn choices_in_a_list_are_named_with_their_place() {
        let choices = ["blue-green", "rolling"].map(|value| Choice { value: value.into(), description: String::new() });
        let checks = vec![Check::Each(vec![Check::OneOf(choices.into())])];
        let value = Value::List(vec!["rolling".into(), Value::UNKNOWN, "roling".into()]);
        let expected = [
            "error: a[2]: Invalid value\n`a[2]` must be `blue-green` or `rolling`, not \"roling\". Did you mean `rolling`?",
        ];
        check(optional(Type::List(Box::new(Type::String)), checks), value, &expected);
    }

    #[test]
    fn sensitive_values_are_not_shown() {
        let attribute = Attribute { sensitive: true, ..optional(Type::String, vec![Check::Length(8, None)]) };
        check(attribute, "hunter2".into(), &["error: a: Invalid value\n`a` must be at least 8 characters long."]);
    }

    #[test]
    fn modes_and_deprecation() {
        let with = |mode| Attribute { mode, ..optional(Type::String, Vec::new()) };
        check(with(Mode::Required), Value::Null, &["error: a: Missing required attribute\n`a` is required."]);
        let read_only =
            "error: a: Read-only attribute\n`a` is given by the provider; remove it from the configuration.";
        check(with(Mode::Computed), "x".into(), &[read_only]);
        let deprecated = Attribute { deprecated: Some("Use b.".into()), ..optional(Type::String, Vec::new()) };
        check(deprecated, "x".into(), &["warning: a: Deprecated attribute\nUse b."]);
    }

    #[test]
    fn exactly_one_and_exclusive() {
        let inner = |group: Option<&str>| {
            let rules = Rules { exclusive: group.map(Into::into), ..Rules::default() };
            let attribute = Attribute { rules, ..Attribute::new(Shape::Plain(Type::Bool), Mode::Optional, "") };
            Shape::Nested(Nesting::Single, [("b".to_owned(), attribute.clone()), ("c".to_owned(), attribute)].into())
        };
        let both = Value::map([("b", true.into()), ("c", true.into())]);
        let mut one = Attribute::new(inner(None), Mode::Optional, "");
        one.rules.checks = vec![Check::ExactlyOne];
        check(one, both.clone(), &["error: a: Invalid value\n`a` must be an object with exactly one of `b` and `c`."]);
        let exclusive = Attribute::new(inner(Some("kind")), Mode::Optional, "");
        check(exclusive, both, &["error: a.c: Conflicting attributes\nOnly one of `b` and `c` may be given."]);
    }
}
