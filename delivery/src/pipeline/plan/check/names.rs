//! What names may look like: only what no platform and no shell gives another meaning.

/// A kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Of a file, without its extension.
    File,
    /// Of a job.
    Job,
    /// Of an environment variable.
    Variable,
    /// Of a secret.
    Secret,
    /// Of an environment.
    Environment,
    /// Of a branch.
    Branch,
    /// Of branches or tags, with wildcards.
    Pattern,
    /// Of files, with wildcards.
    PathPattern,
    /// Of an input of an action.
    Input,
    /// A version of a language or program.
    Version,
    /// Five fields of cron.
    Cron,
    /// An address of a service.
    Url,
    /// An image without tag and digest, with its registry.
    Image,
    /// A path within the repository.
    Path,
}

impl Name {
    /// What is said when a text is none.
    pub(super) fn summary(self) -> &'static str {
        match self {
            Self::File => "Not a name for a file",
            Self::Job => "Not a name for a job",
            Self::Variable => "Not the name of an environment variable",
            Self::Secret => "Not the name of a secret",
            Self::Environment => "Not the name of an environment",
            Self::Branch => "Not the name of a branch",
            Self::Pattern => "Not a pattern of branches or tags",
            Self::PathPattern => "Not a pattern of files",
            Self::Input => "Not the name of an input",
            Self::Version => "Not a version",
            Self::Cron => "Not a schedule",
            Self::Url => "Not an address",
            Self::Image => "Not the name of an image",
            Self::Path => "Not a path of the repository",
        }
    }

    /// What is expected, as the rest of a sentence.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::File => "letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 100",
            Self::Job => "letters, digits, `-` and `_`, beginning with a letter or `_`",
            Self::Variable => {
                "letters, digits and `_`, not beginning with a digit, and not one that the platform sets (`GITHUB_...`, `RUNNER_...`)"
            }
            Self::Secret => "letters, digits and `_`, not beginning with a digit or `GITHUB_`",
            Self::Environment => "letters, digits, `-` and `_`, beginning with a letter, at most 50",
            Self::Branch => "letters, digits, `-`, `_`, `.` and `/`, without wildcards",
            Self::Pattern => {
                "letters, digits, `-`, `_`, `.` and `/`, with the wildcards `*`, `?`, `+`, `[...]` and a leading `!`"
            }
            Self::PathPattern => "a path with the wildcards `*`, `?` and `[...]` and a leading `!`, without `..`",
            Self::Input => "letters, digits, `-` and `_`",
            Self::Version => "a version such as `3.13`",
            Self::Cron => "five fields of digits, `*`, `/`, `,` and `-`, such as `17 5 * * *`",
            Self::Url => {
                "an address such as `https://example.com`, without user, query and spaces, and without `/` at the end"
            }
            Self::Image => "a registry and a path in lower case without a tag, such as `ghcr.io/example/api`",
            Self::Path => "a path relative to the root, without `..`",
        }
    }

    /// Whether a text is such a name.
    pub(super) fn fits(self, text: &str) -> bool {
        let all = |more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        let begins = |more: &str| text.starts_with(|c: char| c.is_ascii_alphabetic() || more.contains(c));
        let upper = text.to_ascii_uppercase();
        let is_dotless = !text.split('/').any(|part| part == "..");
        match self {
            Self::File => all("-_.") && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 100,
            Self::Job => all("-_") && begins("_") && text.len() <= 100,
            Self::Variable => all("_") && begins("_") && !upper.starts_with("GITHUB_") && !upper.starts_with("RUNNER_"),
            Self::Secret => all("_") && begins("_") && !upper.starts_with("GITHUB_"),
            Self::Environment => all("-_") && begins("") && text.len() <= 50,
            Self::Branch => !text.is_empty() && all("-_./") && is_ref(text),
            Self::Pattern => !text.is_empty() && all("-_./*?+[]!") && is_ref(text.trim_start_matches('!')),
            Self::PathPattern => !text.is_empty() && all("-_./*?[]! @+") && is_dotless,
            Self::Input => !text.is_empty() && all("-_"),
            Self::Version => !text.is_empty() && all(".-") && text.contains(|c: char| c.is_ascii_digit()),
            Self::Cron => text.split(' ').count() == 5 && text.split(' ').all(is_cron_field),
            Self::Url => is_url(text),
            Self::Image => is_image(text),
            Self::Path => !text.is_empty() && !text.starts_with('/') && is_dotless && !text.contains(char::is_control),
        }
    }
}

fn is_ref(text: &str) -> bool {
    !text.starts_with(['/', '-']) && !text.ends_with('/') && !text.contains("..") && !text.contains("//")
}

fn is_cron_field(field: &str) -> bool {
    !field.is_empty() && field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c))
}

fn is_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/:%".contains(c);
    !host.is_empty() && rest.chars().all(is_allowed) && !text.ends_with('/')
}

fn is_image(text: &str) -> bool {
    let mut parts = text.split('/');
    let host = parts.next().unwrap_or_default();
    let is_host = (host.contains('.') || host.contains(':'))
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    let is_part = |part: &str| {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        !part.is_empty() && part.chars().all(is_allowed)
    };
    let rest: Vec<_> = parts.collect();
    is_host && !rest.is_empty() && rest.iter().all(|part| is_part(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: Name, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(name.fits(text), "{name:?} {text:?}");
        }
        for text in bad {
            assert!(!name.fits(text), "{name:?} {text:?}");
        }
    }

    #[test]
    fn names_hold_nothing_that_means_something_elsewhere() {
        check(Name::File, &["ci", "ci-2.prod", "1"], &["", ".hidden", "a/b", "a b", "ü"]);
        check(Name::Variable, &["A", "_a1"], &["", "1A", "A-B", "A B", "GITHUB_SHA", "runner_os", "A=B"]);
        check(Name::Environment, &["staging", "eu-west_1"], &["", "a b", "a\nb", "${{x}}", "1a", "-a"]);
        check(Name::Branch, &["main", "release/1.2"], &["", "a..b", "/a", "a/", "feature/*", "a b", "a'b", "-x"]);
        check(Name::Pattern, &["main", "release/**", "v[0-9]+", "!old/*"], &["", "a b", "a'b", "$(x)", "a\nb"]);
        check(Name::Cron, &["17 5 * * *", "*/15 0-3 1,2 * 1"], &["", "daily", "1 2 3 4", "1  2 3 4 5", "a b c d e"]);
        check(
            Name::Url,
            &["https://example.com", "http://localhost:8080/a"],
            &["example.com", "https://", "https://a/?b", "https://u@a", "https://a/", "https://a b"],
        );
        check(
            Name::Image,
            &["ghcr.io/a/b", "localhost:5000/a"],
            &["app", "a/b", "ghcr.io/A/b", "ghcr.io/a:1", "ghcr.io/a@sha256:0", "ghcr.io/"],
        );
        check(Name::Path, &["a/b", "."], &["", "/a", "../a", "a/../b"]);
    }
}
