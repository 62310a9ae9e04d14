//! How a verb ended: what was done, what was not, and what to do next.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use framework::{Value, json};

use super::escape::one_line;
use super::paint::{Label, Paint};
use super::value::UNKNOWN;
use super::{clean, seconds};
use crate::event::{Event, Failure, Unfinished};
use crate::state::{Counts, Operation};

/// How many failures are listed.
const MOST: usize = 10;

/// The lines for the end of a verb.
pub(super) fn ended(paint: Paint, event: &Event, verb: &str) -> Option<String> {
    let Event::Ended { succeeded, counts, elapsed, failures, pending, .. } = event else { return None };
    let mut text = match (succeeded, verb) {
        (true, "preview") => return None,
        // What ended it before anything began was told, and is all there is to say.
        (false, _) if failures.is_empty() && *counts == Counts::default() => return None,
        (true, _) => paint.on(Label::Good, "Done:"),
        (false, _) => paint.on(Label::Bad, "Not done:"),
    };
    let _ = write!(text, " {}, in {}.", counted(*counts), seconds(*elapsed));
    list(&mut text, failures);
    if !pending.is_empty() {
        unfinished(&mut text, pending);
    } else if let Some(hint) = hint(verb, *counts, failures) {
        let _ = write!(text, "\n{}", paint.on(Label::Strong, hint));
    }
    Some(text)
}

fn counted(counts: Counts) -> String {
    let Counts { created, updated, deleted, same, failed, skipped } = counts;
    let all = [
        (created, "created"),
        (updated, "updated"),
        (deleted, "deleted"),
        (same, "unchanged"),
        (failed, "failed"),
        (skipped, "skipped"),
    ];
    let some: Vec<String> =
        all.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if some.is_empty() { "nothing changed".to_owned() } else { some.join(", ") }
}

/// Names what failed; the whole of it stands above.
fn list(text: &mut String, failures: &[Failure]) {
    for Failure { address, location, summary } in failures.iter().take(MOST) {
        let address = address.as_ref().map(|address| format!("{}: ", one_line(address))).unwrap_or_default();
        let location = location.as_ref().map(|location| format!("  ({})", one_line(location))).unwrap_or_default();
        let _ = write!(text, "\n  {address}{}{location}", one_line(summary));
    }
    if failures.len() > MOST {
        let _ = write!(text, "\n  and {} more", failures.len() - MOST);
    }
}

fn hint(verb: &str, counts: Counts, failures: &[Failure]) -> Option<String> {
    let changed = counts.created + counts.updated + counts.deleted > 0;
    match verb {
        _ if failures.is_empty() => None,
        "up" | "destroy" | "refresh" if changed => {
            Some(format!("What was done is recorded; run `{verb}` again for the rest."))
        }
        "up" | "destroy" | "refresh" | "import" => {
            Some(format!("Nothing was changed; run `{verb}` again once that is mended."))
        }
        _ => None,
    }
}

/// Says what to do about operations of which nobody knows how far they got.
fn unfinished(text: &mut String, pending: &BTreeMap<u64, Unfinished>) {
    for (id, Unfinished { address, operation }) in pending.iter().take(MOST) {
        let address = one_line(address);
        let _ = write!(text, "\nOperation {id}, {operation} of {address}, has no recorded end.");
        if *operation == Operation::Create {
            let _ = write!(
                text,
                " If the next `up` cannot find out: `import {address} ID` when it exists, `state clear-pending {id}` when \
                 not."
            );
        } else {
            text.push_str(" The next `up` looks at it again.");
        }
    }
    if pending.len() > MOST {
        let _ = write!(text, "\nand {} more: `state list` shows them.", pending.len() - MOST);
    }
}

/// An export as a line of data: a text as it is, everything else as JSON.
pub(crate) fn export(name: &str, value: &Value) -> String {
    let shown = match (value, json::to_json(value)) {
        (Value::String(text), _) => clean(text),
        (_, Some(json)) => clean(&json.to_string()),
        (_, None) => UNKNOWN.to_owned(),
    };
    format!("{} = {shown}", one_line(name))
}
