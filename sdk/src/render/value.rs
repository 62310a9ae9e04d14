//! Whole values: in one line, or as rows.

use std::collections::BTreeMap;

use framework::{Number, Value};
use serde_json::Value as Json;

use super::escape::{line, one_line, quoted, quoted_pair};
use super::tree::{Row, Sign};
use crate::event::REDACTED;

/// What stands for a value that only `up` will know.
pub(super) const UNKNOWN: &str = "(known after up)";

/// How many lines are shown of a text that is new or goes.
const LINES: usize = 12;

/// Names longer than this are not aligned.
const WIDE: usize = 30;

/// Lists and maps that take no more characters than this stand in one line.
const SHORT: usize = 60;

/// Whether the text has several lines.
pub(super) fn is_text(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

/// Whether the value is shown in several rows.
pub(super) fn has_parts(value: &Value) -> bool {
    match value {
        Value::List(elements) | Value::Set(elements) => !elements.is_empty(),
        Value::Map(members) => !members.is_empty(),
        Value::Dynamic(inner) => has_parts(&inner.1),
        Value::String(text) => is_text(text),
        Value::Null | Value::Unknown(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value in a few words; of one with parts only how many there are.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown(_) => UNKNOWN.to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => one_line(&number.to_string()),
        Value::String(text) if is_text(text) => format!("({} lines)", text.lines().count()),
        Value::String(text) => string(text, quoted),
        Value::List(elements) | Value::Set(elements) => {
            in_line(value).unwrap_or_else(|| format!("[{}]", counted(elements.len(), "element")))
        }
        Value::Map(members) => in_line(value).unwrap_or_else(|| format!("{{{}}}", counted(members.len(), "attribute"))),
        Value::Dynamic(inner) => scalar(&inner.1),
    }
}

/// So many of these.
pub(super) fn counted(many: usize, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
}

/// A list or map in one line, if all of it is simple and short.
fn in_line(value: &Value) -> Option<String> {
    let room = |texts: Vec<String>| {
        let text = texts.join(", ");
        (text.chars().count() <= SHORT).then_some(text)
    };
    match value {
        Value::List(elements) | Value::Set(elements) => {
            let simple = elements.len() <= SHORT && !elements.iter().any(has_parts);
            let text = simple.then(|| room(elements.iter().map(scalar).collect()))??;
            Some(format!("[{text}]"))
        }
        Value::Map(members) if members.is_empty() => Some("{}".to_owned()),
        Value::Map(members) => {
            let simple = members.len() <= SHORT && !members.values().any(has_parts);
            let member = |(name, value): (&String, &Value)| format!("{} = {}", key(name), scalar(value));
            let given = members.iter().filter(|(_, value)| !value.is_null());
            let text = simple.then(|| room(given.map(member).collect()))??;
            Some(format!("{{ {text} }}"))
        }
        _ => None,
    }
}

/// Two texts in one line each, shortened so that what differs is seen.
pub(super) fn scalar_pair(before: &str, after: &str) -> (String, String) {
    let (old, new) = quoted_pair(before, after);
    (string(before, |_| old), string(after, |_| new))
}

fn string(text: &str, show: impl FnOnce(&str) -> String) -> String {
    if text == REDACTED { REDACTED.to_owned() } else { show(text) }
}

/// The room that these names need to stand beside their values.
pub(super) fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| key(name).chars().count()).filter(|width| *width <= WIDE).max().unwrap_or(0)
}

/// What stands before the value of an attribute.
pub(super) fn attribute(name: &str, width: usize) -> String {
    format!("{:width$} = ", key(name))
}

/// A name; in quotes when it is no word.
fn key(name: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(word) { name.to_owned() } else { quoted(name) }
}

/// Adds the rows for all of a value.
pub(super) fn whole(rows: &mut Vec<Row>, depth: usize, sign: Sign, label: &str, value: &Value) {
    let row = |depth, sign, text| Row { depth, sign, text, forces: false };
    if let Some(text) = in_line(value) {
        rows.push(row(depth, sign, format!("{label}{text}")));
        return;
    }
    match value {
        Value::Dynamic(inner) => whole(rows, depth, sign, label, &inner.1),
        Value::String(text) if is_text(text) => {
            let lines = text.lines().count();
            rows.push(row(depth, sign, format!("{label}({lines} lines)")));
            rows.extend(text.lines().take(LINES).map(|text| row(depth + 1, sign, line(text))));
            if lines > LINES {
                rows.push(row(depth + 1, Sign::Note, format!("({} more lines)", lines - LINES)));
            }
        }
        Value::List(elements) | Value::Set(elements) if !elements.is_empty() => {
            rows.push(row(depth, sign, format!("{label}[")));
            for element in elements {
                whole(rows, depth + 1, sign, "", element);
            }
            rows.push(row(depth, Sign::Context, "]".to_owned()));
        }
        Value::Map(members) if !members.is_empty() => {
            rows.push(row(depth, sign, format!("{label}{{")));
            self::members(rows, depth + 1, sign, members.iter());
            rows.push(row(depth, Sign::Context, "}".to_owned()));
        }
        value => rows.push(row(depth, sign, format!("{label}{}", scalar(value)))),
    }
}

/// Adds the rows for these members; those without a value are left out.
pub(super) fn members<'a>(
    rows: &mut Vec<Row>,
    depth: usize,
    sign: Sign,
    members: impl Iterator<Item = (&'a String, &'a Value)>,
) {
    let members: Vec<_> = members.filter(|(_, value)| !value.is_null()).collect();
    let width = width(members.iter().map(|(name, _)| name.as_str()));
    for (name, value) in members {
        whole(rows, depth, sign, &attribute(name, width), value);
    }
}

/// The rows for the attributes of a resource that is made. Those that only `up` will know share one; empty lists and maps, which
/// are mostly defaults, are counted.
pub(super) fn created(value: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    let all = value.as_map().into_iter().flatten();
    let (unknown, known): (Vec<_>, Vec<_>) = all.partition(|(_, value)| value.is_unknown());
    let (empty, given): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, value)| is_empty(value));
    members(&mut rows, 0, Sign::Added, given.into_iter());
    let row = |sign, text| Row { depth: 0, sign, text, forces: false };
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.into_iter().map(|(name, _)| key(name)).collect();
        rows.push(row(Sign::Added, format!("{} = {UNKNOWN}", names.join(", "))));
    }
    if !empty.is_empty() {
        rows.push(row(Sign::Note, format!("({} hidden)", counted(empty.len(), "empty attribute"))));
    }
    rows
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(elements) | Value::Set(elements) => elements.is_empty(),
        Value::Map(members) => members.is_empty(),
        _ => false,
    }
}

/// The tree that a text holds as JSON; none for other texts.
pub(super) fn parsed(text: &str) -> Option<Value> {
    let json = text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?;
    json.as_ref().and_then(tree)
}

fn tree(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.to_string().parse::<Number>().ok()?.into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(elements) => Value::List(elements.iter().map(tree).collect::<Option<_>>()?),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| Some((name.clone(), tree(value)?)));
            Value::Map(members.collect::<Option<BTreeMap<_, _>>>()?)
        }
    })
}
