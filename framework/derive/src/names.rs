//! Names of variants and attributes.

use syn::Ident;

/// The words of a name in camel case, in lower case and joined by `separator`: `HttpGet` gives `http-get`.
///
/// A word begins with a capital after anything else, or with the last of several capitals (`AWSLambda`: `aws`,
/// `lambda`). Digits belong to the word before them.
pub(crate) fn split_words(name: &str, separator: char) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (position, letter) in letters.iter().enumerate() {
        let before = position.checked_sub(1).map(|position| letters[position]);
        let next_is_small = letters.get(position + 1).is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && before.is_some_and(|before| !before.is_uppercase() || next_is_small);
        if begins {
            words.push(separator);
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Whether Terraform takes the name for an attribute: small letters, digits and underscores.
pub(crate) fn is_attribute(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// Names that Terraform keeps to itself at the top of a resource or data source.
pub(crate) const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// Methods that the builder of a declaration has beside its setters.
pub(crate) const METHODS: [&str; 3] = ["new", "with", "add"];

/// The name as an identifier, raw if it is a keyword. `self`, `super` and `crate` cannot be had.
pub(crate) fn identifier(name: &str) -> Option<Ident> {
    syn::parse_str(name).or_else(|_| syn::parse_str(&format!("r#{name}"))).ok()
}

/// The one of `known` that differs from `name` in at most two letters, for a hint.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|known| (distance(name, known), *known));
    distances.filter(|(distance, _)| *distance <= 2).min().map(|(_, known)| known)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let first: Vec<usize> = (0..=b.len()).collect();
    let last = a.chars().enumerate().fold(first, |above, (line, letter)| {
        let mut row = vec![line + 1];
        for (column, other) in b.iter().enumerate() {
            let changed = above[column] + usize::from(letter != *other);
            row.push(changed.min(above[column + 1] + 1).min(row[column] + 1));
        }
        row
    });
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found() {
        for (name, expected) in [
            ("GithubActions", "github-actions"),
            ("Rolling", "rolling"),
            ("AWSLambda", "aws-lambda"),
            ("Http2Server", "http2-server"),
            ("V1", "v1"),
            ("ECS", "ecs"),
        ] {
            assert_eq!(split_words(name, '-'), expected);
        }
    }

    #[test]
    fn attribute_names_are_told_from_others() {
        assert!(["a", "_a1", "depends_on"].into_iter().all(is_attribute));
        assert!(!["", "1a", "Ab", "a-b", "ä"].into_iter().any(is_attribute));
    }

    #[test]
    fn keywords_become_raw() {
        let identifier = |name| identifier(name).map(|ident| ident.to_string());
        assert_eq!(identifier("local").as_deref(), Some("local"));
        assert_eq!(identifier("static").as_deref(), Some("r#static"));
        assert_eq!(["self", "a-b", ""].map(identifier), [None, None, None]);
    }

    #[test]
    fn a_slip_finds_its_key() {
        assert_eq!(closest("sensative", &["sensitive", "replace"]), Some("sensitive"));
        assert_eq!(closest("colour", &["sensitive", "replace"]), None);
    }
}
