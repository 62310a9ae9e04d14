//! What people read: pure functions from what the agent says, and the time, to text.

pub(crate) mod agent;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod words;

use std::fmt::Write as _;

/// What a text means, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// All is well.
    Good,
    /// Somebody or something is waited for.
    Waiting,
    /// Something failed.
    Bad,
    /// A heading.
    Heading,
    /// Advice.
    Hint,
}

/// Colours texts, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Leaves texts as they are.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self(false);

    /// Colours texts if `colours` says so.
    pub(crate) fn new(colours: bool) -> Self {
        Self(colours)
    }

    /// The text in the colour of its meaning.
    pub(crate) fn on(self, label: Label, text: &str) -> String {
        // SGR codes of ECMA-48, section 8.3.117.
        let code = match label {
            Label::Good => "32",
            Label::Waiting => "33",
            Label::Bad => "31",
            Label::Heading => "1",
            Label::Hint => "36",
        };
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The text with control characters but line ends escaped, so that nothing the agent hands on commands the terminal.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            let _ = write!(clean, "{}", c.escape_debug());
        } else {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_surround_the_text_and_are_left_out_elsewhere() {
        assert_eq!(Paint::new(true).on(Label::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Paint::PLAIN.on(Label::Bad, "x"), "x");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(clean("a\u{1b}[2J\tb\nü"), "a\\u{1b}[2J\\tb\nü");
    }
}
