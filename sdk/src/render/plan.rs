//! What a plan says: a block for each resource, and one line for all.

use std::fmt::Write as _;

use framework::Value;

use super::escape::one_line;
use super::paint::{self, Label, Paint};
use super::tree::{self, Row, Sign};
use super::{diff, value};
use crate::event::{Event, Reason, Step, Summary};

/// What a resource held that is removed is shown if it takes no more rows than this.
const SHORT: usize = 5;

/// How far the attributes stand to the right.
const INDENT: usize = 4;

/// The block for one resource. `found` says that the event tells what the world is, and not what will be done.
pub(super) fn planned(paint: Paint, event: &Event, found: bool) -> Option<String> {
    let Event::Planned { address, step, before, after, hidden, replace, reason, location } = event else { return None };
    let (symbol, label) = paint::step(*step);
    let what = match step {
        Step::Update if found => "changed",
        Step::Delete if found => "gone",
        step => word(*step),
    };
    let mut text = format!("{}{}", " ".repeat(3_usize.saturating_sub(symbol.len())), paint.on(label, symbol));
    let _ = write!(text, " {what} {}", paint.on(Label::Strong, one_line(address)));
    let note = match (step, reason) {
        (_, Some(Reason::Asked)) => ", as asked",
        (_, Some(Reason::Incomplete)) => ", for making it failed half-way",
        (Step::Replace, None) => ", the old one is deleted afterwards",
        (Step::DeleteThenCreate, None) => ", the old one is deleted first",
        _ => "",
    };
    text.push_str(note);
    if !location.is_empty() {
        let _ = write!(text, "  {}", paint.on(Label::Faint, format!("({})", one_line(location))));
    }
    let rows = match (before, after) {
        (Value::Null, Value::Null) => Vec::new(),
        (Value::Null, after) => value::created(after),
        (before, Value::Null) if *step == Step::Delete => removed(before),
        (_, Value::Null) => Vec::new(),
        (before, after) => diff::changed(before, after, hidden, replace),
    };
    for line in tree::lines(&rows, INDENT, paint) {
        let _ = write!(text, "\n{line}");
    }
    if !rows.is_empty() {
        text.push('\n');
    }
    Some(text)
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Same => "keep",
        Step::Create => "create",
        Step::Update => "update",
        Step::Replace | Step::DeleteThenCreate => "replace",
        Step::Import => "import",
        Step::Delete => "delete",
        Step::Forget => "forget",
        Step::Read => "read",
    }
}

/// What a resource holds that is removed, when that is short.
fn removed(before: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    value::members(&mut rows, 0, Sign::Removed, before.as_map().into_iter().flatten());
    if rows.len() > SHORT { Vec::new() } else { rows }
}

/// What the whole plan says.
pub(super) fn ended(paint: Paint, summary: Summary, refreshed: bool) -> String {
    let Summary { create, update, replace, delete, import, forget, same } = summary;
    let all = [
        (create, "create", Step::Create),
        (update, "update", Step::Update),
        (replace, "replace", Step::Replace),
        (delete, "delete", Step::Delete),
        (import, "import", Step::Import),
        (forget, "forget", Step::Forget),
    ];
    let some = all.into_iter().filter(|(count, ..)| *count > 0);
    let parts: Vec<String> =
        some.map(|(count, word, step)| paint.on(paint::step(step).1, format!("{count} to {word}"))).collect();
    let mut text = match parts.as_slice() {
        [] => format!("Nothing to do: {same} unchanged."),
        parts => format!("Plan: {}; {same} unchanged.", parts.join(", ")),
    };
    if !refreshed {
        text.push_str(" The world was not looked at; --refresh does.");
    }
    text
}
