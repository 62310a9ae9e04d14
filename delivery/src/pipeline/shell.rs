//! Quotes what becomes part of a script for bash.

/// `word` as one word of a command.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// `words` as words of a command.
pub(super) fn join<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// Whether a file is a script for bash, by its name.
pub(super) fn is_script(path: &str) -> bool {
    matches!(path.rsplit_once('.'), Some((_, "sh" | "bash")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_one_word() {
        assert_eq!(
            join(["tests/unit", "a b", "it's", "", "$(x)", "a\nb"]),
            "tests/unit 'a b' 'it'\\''s' '' '$(x)' 'a\nb'"
        );
    }
}
