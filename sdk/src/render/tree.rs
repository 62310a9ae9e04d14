//! The rows in which values and their changes are shown.

use super::paint::{Label, Paint};

/// What a row says of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is new.
    Added,
    /// It is no longer there.
    Removed,
    /// It is another one.
    Changed,
    /// It stays.
    Context,
    /// A remark on what is shown.
    Note,
}

/// A line of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) depth: usize,
    pub(super) sign: Sign,
    pub(super) text: String,
    /// Whether the resource is replaced because of it.
    pub(super) forces: bool,
}

/// How many rows are shown of one resource.
const MOST: usize = 200;

/// The rows as lines, each behind this many blanks.
pub(super) fn lines(rows: &[Row], indent: usize, paint: Paint) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().take(MOST).map(|row| line(row, indent, paint)).collect();
    if rows.len() > MOST {
        let more = format!("({} more lines; --json has everything)", rows.len() - MOST);
        lines.push(format!("{:indent$}  {}", "", paint.on(Label::Faint, more)));
    }
    lines
}

fn line(row: &Row, indent: usize, paint: Paint) -> String {
    let indent = indent + 2 * row.depth;
    let (symbol, text) = match row.sign {
        Sign::Added => (paint.on(Label::Good, "+"), row.text.clone()),
        Sign::Removed => (paint.on(Label::Bad, "-"), row.text.clone()),
        Sign::Changed => (paint.on(Label::Changed, "~"), row.text.clone()),
        Sign::Context => (" ".to_owned(), row.text.clone()),
        Sign::Note => (" ".to_owned(), paint.on(Label::Faint, &row.text)),
    };
    let forces = if row.forces { paint.on(Label::Bad, "  # forces replacement") } else { String::new() };
    format!("{:indent$}{symbol} {text}{forces}", "").trim_end().to_owned()
}
