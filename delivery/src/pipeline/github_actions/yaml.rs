//! Texts and layout of YAML as Prettier writes it, so that formatting the file changes nothing.

use serde::{Serialize, Serializer};
use serde_saphyr::{Commented, DoubleQuoted, LitString, SingleQuoted, ser_options};

pub(super) use serde_saphyr::SpaceAfter;

/// A text. What GitHub would take for an expression is written so that it means itself, unless it is one on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    /// A text that means itself.
    pub(super) fn new(text: &str) -> Self {
        Self(literal(text))
    }

    /// A text in which GitHub replaces expressions.
    pub(super) fn expression(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// `text`, with the beginning of expressions written as an expression that gives just that.
pub(super) fn literal(text: &str) -> String {
    text.replace("${{", "${{ '${{' }}")
}

/// Texts that mean themselves.
pub(super) fn texts(texts: &[String]) -> Vec<Text> {
    texts.iter().map(|text| Text::new(text)).collect()
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Style::of(&self.0) {
            Style::Plain => self.0.serialize(serializer),
            Style::Single => SingleQuoted(&self.0).serialize(serializer),
            Style::Double => DoubleQuoted(&self.0).serialize(serializer),
            Style::Block => LitString(self.0.clone()).serialize(serializer),
        }
    }
}

/// How a text is written.
#[derive(Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

impl Style {
    /// Lines as a block, texts that can stand alone as they are, and otherwise in the quotes that need fewer escapes.
    fn of(text: &str) -> Self {
        if is_block(text) {
            return Self::Block;
        }
        let alone = serde_saphyr::to_string(&text).unwrap_or_default();
        if !alone.starts_with(['"', '\'']) {
            return Self::Plain;
        }
        let needs_escapes =
            serde_saphyr::to_string(&DoubleQuoted(text)).unwrap_or_default().replace("\\\"", "").contains('\\');
        if text.contains('"') && !needs_escapes { Self::Single } else { Self::Double }
    }
}

/// Whether a text is best read as lines: it has several, and none of them would be changed by an editor.
fn is_block(text: &str) -> bool {
    let is_printable =
        |c: char| c == '\n' || (!c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    let is_tidy = text.split('\n').all(|line| !line.ends_with(char::is_whitespace));
    let is_closed = !text.ends_with("\n\n") && !text.starts_with(char::is_whitespace);
    text.trim_end_matches('\n').contains('\n') && is_tidy && is_closed && text.chars().all(is_printable)
}

/// A text with a comment behind it; without a comment, just the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    text: Text,
    note: String,
}

impl Note {
    pub(super) fn new(text: Text, note: &str) -> Self {
        Self { text, note: note.to_owned() }
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.note.is_empty() {
            self.text.serialize(serializer)
        } else {
            Commented(&self.text, self.note.clone()).serialize(serializer)
        }
    }
}

/// The document, with a blank line between jobs and one line end at the end.
pub(super) fn to_text(document: &impl Serialize) -> String {
    let options = ser_options! { compact_list_indent: false, prefer_block_scalars: false, min_fold_chars: 0 };
    let text = serde_saphyr::to_string_with_options(document, options).expect("maps with text keys are representable");
    // Blank lines of a block are written with its indentation.
    let lines = text.trim_end().split('\n').map(|line| if line.trim().is_empty() { "" } else { line });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
