//! Aligned columns.

use super::{Label, Paint, clean};

/// One cell of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    label: Option<Label>,
}

impl Cell {
    /// With the colour of a meaning.
    pub(crate) fn labelled(label: Option<Label>, text: impl Into<String>) -> Self {
        Self { text: clean(&text.into()).replace('\n', " "), label }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::labelled(None, text)
    }
}

/// Rows under headings; each column is as wide as its widest cell. Nothing is cut.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
    headed: bool,
}

impl Table {
    /// With a row of headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let headings = headings.iter().map(|text| Cell::labelled(Some(Label::Heading), *text)).collect();
        Self { rows: vec![headings], headed: true }
    }

    /// Without headings: the first column names what the second says.
    pub(crate) fn plain() -> Self {
        Self { rows: Vec::new(), headed: false }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Whether there are no rows but the headings.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() <= usize::from(self.headed)
    }

    /// The lines of the table.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let width = |cell: &Cell| cell.text.chars().count();
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).map(width).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let painted = cell.label.map_or_else(|| cell.text.clone(), |label| paint.on(label, &cell.text));
                text.push_str(&painted);
                // Nothing follows, so nothing is filled up.
                if row[column + 1..].iter().any(|cell| !cell.text.is_empty()) {
                    text.extend(std::iter::repeat_n(' ', widths[column] - width(cell) + 2));
                }
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_also_in_colour() {
        let mut table = Table::new(&["A", "LONG"]);
        table.row(["ünter".into(), "".into()]);
        table.row([Cell::labelled(Some(Label::Good), "x"), "a\nb\u{7}".into()]);
        assert_eq!(table.text(Paint::PLAIN), "A      LONG\nünter\nx      a b\\u{7}\n");
        let coloured = table.text(Paint::new(true));
        assert!(coloured.contains("\u{1b}[32mx\u{1b}[0m      a b"), "{coloured:?}");
    }
}
