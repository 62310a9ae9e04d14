//! Texts of several lines as a unified diff.

use similar::{ChangeTag, TextDiff};

use super::escape::line;
use super::tree::{Row, Sign};

/// Texts with more lines than this, both together, are not compared: it takes the square of their length.
const LONG: usize = 20_000;

/// How many lines are shown around a change.
const CONTEXT: usize = 3;

/// Adds the rows for a text that changes.
pub(super) fn changed(rows: &mut Vec<Row>, depth: usize, label: &str, before: &str, after: &str) {
    let row = |depth, sign, text| Row { depth, sign, text, forces: false };
    let (old, new) = (before.lines().count(), after.lines().count());
    if old + new > LONG {
        rows.push(row(depth, Sign::Changed, format!("{label}({old} lines) -> ({new} lines)")));
        return;
    }
    let diff = TextDiff::from_lines(before, after);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (come, gone) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
    rows.push(row(depth, Sign::Changed, format!("{label}({old} lines, {come} added, {gone} removed)")));
    // A line end that comes or goes is the only difference of two lines that look the same.
    let ends_differ = before.ends_with('\n') != after.ends_with('\n');
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        rows.push(row(depth + 1, Sign::Note, hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Context,
                ChangeTag::Delete => Sign::Removed,
                ChangeTag::Insert => Sign::Added,
            };
            let end = if ends_differ && change.missing_newline() { " (no line end)" } else { "" };
            let text = line(change.value().trim_end_matches('\n'));
            rows.push(row(depth + 1, sign, text + end));
        }
    }
}
