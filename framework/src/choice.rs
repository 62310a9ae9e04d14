//! What is said of a text that should be one of a few: enums and `one_of`.

use std::fmt;

/// A text that is none of those that are allowed. Prints all that are, and the one that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownChoice {
    text: String,
    choices: Vec<String>,
}

impl UnknownChoice {
    /// `text` is none of `choices`.
    pub fn new<C: Into<String>>(text: impl Into<String>, choices: impl IntoIterator<Item = C>) -> Self {
        Self { text: text.into(), choices: choices.into_iter().map(Into::into).collect() }
    }

    /// The choice that was probably meant.
    pub fn closest(&self) -> Option<&str> {
        closest(&self.text, self.choices.iter().map(String::as_str))
    }
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<_> = self.choices.iter().map(|choice| format!("{choice:?}")).collect();
        let one_of = if quoted.len() > 1 { "one of " } else { "" };
        write!(f, "{one_of}{} expected, not {:?}.", quoted.join(", "), self.text)?;
        match self.closest() {
            Some(choice) => write!(f, " Did you mean {choice:?}?"),
            None => Ok(()),
        }
    }
}

/// The candidate that differs from `text` in the fewest characters, if those are few enough for a slip of the pen.
pub fn closest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    let slips = (text.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&text, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips && text.len() <= LONGEST)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A longer text is no name that was misspelt. Bounds the work on texts from outside.
const LONGEST: usize = 64;

/// How many characters must be added, removed, changed or swapped with their neighbour to make one text of the other.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=a.len()).collect()];
    for (line, letter) in (1..).zip(&b) {
        let mut row = vec![line];
        for (column, other) in (1..).zip(a) {
            let above = &rows[line - 1];
            let changed = above[column - 1] + usize::from(letter != other);
            let mut least = changed.min(above[column] + 1).min(row[column - 1] + 1);
            if line > 1 && column > 1 && *letter == a[column - 2] && *other == b[line - 2] {
                least = least.min(rows[line - 2][column - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[b.len()][a.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let platforms = ["github-actions", "gitlab-ci", "circleci"];
        for (text, expected) in [
            ("github-action", Some("github-actions")),
            ("GitLab-CI", Some("gitlab-ci")),
            ("circle-ci", Some("circleci")),
            ("cirlceci", Some("circleci")),
            ("jenkins", None),
            ("", None),
            ("c", None),
        ] {
            assert_eq!(closest(text, platforms), expected, "{text}");
        }
        assert_eq!(closest(&"a".repeat(1 << 20), ["a"]), None);
    }

    #[test]
    fn the_message_lists_what_is_allowed() {
        let error = UnknownChoice::new("rollling", ["rolling", "canary"]);
        let expected = r#"one of "rolling", "canary" expected, not "rollling". Did you mean "rolling"?"#;
        assert_eq!(error.to_string(), expected);
        assert_eq!(UnknownChoice::new("x", ["rolling"]).to_string(), r#""rolling" expected, not "x"."#);
    }
}
