//! Texts that others wrote, so that they can be shown: nothing in them commands the terminal or hides, and nothing is long.

/// How many characters of a text are shown as a value.
const LONG: usize = 100;

/// How many characters are shown of a line of a text of many.
const LONG_LINE: usize = 500;

/// How many equal characters are shown beside what differs.
const CONTEXT: usize = 20;

/// The text with every character escaped that would command a terminal, reorder what stands beside it, or not be seen. Line
/// ends stay.
pub(crate) fn clean(text: &str) -> String {
    let kept = |c| matches!(c, '\n' | '"' | '\'' | '\\');
    let mut clean = String::with_capacity(text.len());
    for part in text.split_inclusive(kept) {
        let body = part.trim_end_matches(kept);
        clean.extend(body.escape_debug());
        clean.push_str(&part[body.len()..]);
    }
    clean
}

/// The text on one line.
pub(super) fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// A line of a text of many. Tabs stay, for there they are what moves it to the right.
pub(super) fn line(text: &str) -> String {
    let parts: Vec<String> = clip(text, LONG_LINE).split('\t').map(clean).collect();
    parts.join("\t")
}

/// The text in quotes, without its middle when it is long.
pub(super) fn quoted(text: &str) -> String {
    let characters = text.chars().count();
    if characters <= LONG {
        return format!("{text:?}");
    }
    format!("{:?} ({characters} characters)", clip(text, LONG))
}

/// The texts in quotes; of long ones only what differs, and what stands beside that.
pub(super) fn quoted_pair(before: &str, after: &str) -> (String, String) {
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    if old.len().max(new.len()) <= LONG {
        return (format!("{before:?}"), format!("{after:?}"));
    }
    let equal = |(old, new): &(&char, &char)| old == new;
    let head = old.iter().zip(&new).take_while(equal).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(equal).count();
    let (from, left) = (head.saturating_sub(CONTEXT), tail.saturating_sub(CONTEXT));
    let part = |all: &[char]| {
        let middle: String = all[from..all.len() - left].iter().collect();
        let (start, end) = (if from > 0 { "…" } else { "" }, if left > 0 { "…" } else { "" });
        format!("{:?}", format!("{start}{}{end}", clip(&middle, LONG)))
    };
    (part(&old), part(&new))
}

/// The text, without its middle when it is longer than this.
fn clip(text: &str, limit: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= limit {
        return text.to_owned();
    }
    let (head, tail) = (&characters[..limit * 2 / 3], &characters[characters.len() - limit / 3..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal_or_hides() {
        assert_eq!(clean("a\u{1b}[2J\tb\r\nü \"it's\" c:\\d"), "a\\u{1b}[2J\\tb\\r\nü \"it's\" c:\\d");
        assert_eq!(clean("\u{9b}31m\u{7f}\u{202e}\u{200b}"), "\\u{9b}31m\\u{7f}\\u{202e}\\u{200b}");
        assert_eq!(clean("नमस्ते"), "नमस्ते");
        assert_eq!(line("\tall:\u{1b}c"), "\tall:\\u{1b}c");
        assert_eq!(one_line("a\nb"), "a b");
        assert_eq!(quoted("\u{1b}]0;x\u{7}"), r#""\u{1b}]0;x\u{7}""#);
    }

    #[test]
    fn long_texts_lose_what_is_in_the_middle() {
        let long = "x".repeat(1_000);
        assert_eq!(quoted(&long), format!("\"{}…{}\" (1000 characters)", "x".repeat(66), "x".repeat(33)));
        let (before, after) = quoted_pair(&format!("{long}-old-{long}"), &format!("{long}-new-{long}"));
        let x = "x".repeat(19);
        assert_eq!(before, format!("\"…{x}-old-{x}…\""));
        assert_eq!(after, format!("\"…{x}-new-{x}…\""));
        assert_eq!(quoted_pair("a\"b", "c"), (r#""a\"b""#.to_owned(), r#""c""#.to_owned()));
        let (before, after) = quoted_pair(&long, &format!("{long}x"));
        assert_ne!(before, after);
    }
}
