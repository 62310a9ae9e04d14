//! The versions of everything that a pipeline fetches. A version that stands nowhere is an error, never a guess.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use framework::{Diagnostic, Path};
use serde::Deserialize;

use super::options::Pin;

static ACTIONS: LazyLock<BTreeMap<String, Entry>> = LazyLock::new(|| {
    let table: Actions = toml::from_str(include_str!("../../data/action-pins.toml")).expect("the table is tested");
    table.actions
});

static TOOLS: LazyLock<Tools> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/tool-versions.toml")).expect("the table is tested"));

#[derive(Deserialize)]
struct Actions {
    actions: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    version: String,
    sha: String,
}

#[derive(Deserialize)]
struct Tools {
    python: BTreeMap<String, String>,
    constraints: BTreeMap<String, Vec<String>>,
    go: BTreeMap<String, String>,
    programs: BTreeMap<String, String>,
}

/// The pinned version of a package of the Python Package Index.
pub(super) fn python(package: &'static str) -> &'static str {
    known(&TOOLS.python, package)
}

/// What the pinned version of a package needs of its dependencies, as requirements.
pub(super) fn constraints(package: &str) -> &'static [String] {
    TOOLS.constraints.get(package).map_or(&[], Vec::as_slice)
}

/// The pinned version of a program that is built from a Go module.
pub(super) fn go(program: &'static str) -> &'static str {
    known(&TOOLS.go, program)
}

/// The pinned version of a program or runtime.
pub(super) fn program(name: &'static str) -> &'static str {
    known(&TOOLS.programs, name)
}

/// Renderers ask for what they know by name, and every name they know is tested to be in the table.
fn known(table: &'static BTreeMap<String, String>, name: &'static str) -> &'static str {
    table.get(name).unwrap_or_else(|| panic!("data/tool-versions.toml lacks {name}"))
}

/// An action at a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pinned {
    /// The action with the commit, as `owner/name@commit` or `owner/name/path@commit`.
    pub(super) uses: String,
    /// The version's name, where it is known.
    pub(super) version: Option<String>,
}

/// The built-in pins under those of the user.
#[derive(Clone, Debug)]
pub(super) struct Pins<'a> {
    overrides: &'a BTreeMap<String, Pin>,
}

impl<'a> Pins<'a> {
    pub(super) fn new(overrides: &'a BTreeMap<String, Pin>) -> Self {
        Self { overrides }
    }

    /// The commit of an action, given as `owner/name` or `owner/name/path`.
    pub(super) fn resolve(&self, action: &str) -> Option<Pinned> {
        let repository = repository(action)?;
        let (version, sha) = match self.overrides.get(repository) {
            Some(pin) => (&pin.version, &pin.sha),
            None => ACTIONS.get(repository).map(|entry| (&entry.version, &entry.sha))?,
        };
        Some(Pinned { uses: format!("{action}@{sha}"), version: Some(version.clone()) })
    }

    /// What a user wrote for `uses`: an action whose version is pinned here, or one with its commit.
    pub(super) fn resolve_user(&self, uses: &str, path: &Path) -> Result<Pinned, Diagnostic> {
        let (action, commit) = uses.split_once('@').map_or((uses, None), |(action, commit)| (action, Some(commit)));
        if repository(action).is_none() {
            let detail = format!("{uses:?} is no action: `owner/name` or `owner/name@commit` is expected.");
            return Err(Diagnostic::error("Unknown form of an action", detail).at(path.clone()));
        }
        match commit {
            Some(commit) if is_commit(commit) => Ok(Pinned { uses: uses.to_owned(), version: None }),
            Some(_) => Err(unpinned(uses, action).at(path.clone())),
            None => self.resolve(action).ok_or_else(|| unpinned(uses, action).at(path.clone())),
        }
    }

    /// What is wrong with the user's pins.
    pub(super) fn problems(&self) -> impl Iterator<Item = Diagnostic> + '_ {
        self.overrides.iter().filter_map(|(action, pin)| {
            let path = Path::of("pins").key(action);
            let error = |summary: &str, detail: String, path: Path| Some(Diagnostic::error(summary, detail).at(path));
            if repository(action) != Some(action) {
                return error("Not the name of an action", format!("{action:?} should be `owner/name`."), path);
            }
            if !is_commit(&pin.sha) {
                let detail = format!("{:?} should be the 40 hexadecimal digits of a commit, in lower case.", pin.sha);
                return error("Not a commit", detail, path.attribute("sha"));
            }
            let is_version = |c: char| c.is_ascii_alphanumeric() || "._+-/".contains(c);
            if pin.version.is_empty() || !pin.version.chars().all(is_version) {
                let detail = format!("{:?} should be the version's name, such as `v4.2.0`.", pin.version);
                return error("Not the name of a version", detail, path.attribute("version"));
            }
            None
        })
    }
}

fn unpinned(uses: &str, action: &str) -> Diagnostic {
    let name = repository(action).unwrap_or(action);
    let detail = format!(
        "{uses:?} has no commit that is known. Add it to `pins` as \"{name}\" = {{ version = \"...\", sha = \"...\" }}, or write \
         `{action}@` and the 40 digits of the commit."
    );
    Diagnostic::error("An action without a pinned commit", detail)
}

/// The repository of an action: `owner/name` of `owner/name/path`.
fn repository(action: &str) -> Option<&str> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let parts: Vec<&str> = action.split('/').collect();
    let is_action = parts.len() >= 2 && parts.iter().all(|part| is_part(part));
    is_action.then(|| &action[..parts[0].len() + 1 + parts[1].len()])
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_pin_is_a_commit_with_a_version() {
        assert!(ACTIONS.len() > 20);
        for (action, entry) in ACTIONS.iter() {
            assert!(is_commit(&entry.sha), "{action}");
            assert!(entry.version.starts_with('v'), "{action}");
            assert_eq!(repository(action), Some(action.as_str()));
        }
    }

    #[test]
    fn every_tool_has_a_whole_version() {
        let tables = [&TOOLS.python, &TOOLS.go, &TOOLS.programs];
        for (name, version) in tables.into_iter().flatten() {
            assert!(
                version.split('.').count() >= 2 && version.split('.').all(|part| part.parse::<u32>().is_ok()),
                "{name}"
            );
        }
    }

    #[test]
    fn an_override_wins_and_paths_belong_to_their_repository() {
        let sha = "a".repeat(40);
        let overrides =
            BTreeMap::from([("github/codeql-action".to_owned(), Pin { version: "v9".to_owned(), sha: sha.clone() })]);
        let pinned = Pins::new(&overrides).resolve("github/codeql-action/init").unwrap();
        assert_eq!(pinned.uses, format!("github/codeql-action/init@{sha}"));
        assert_eq!(pinned.version.as_deref(), Some("v9"));
    }

    #[test]
    fn what_is_not_pinned_is_an_error_that_says_where_to_pin_it() {
        let pins = BTreeMap::new();
        for uses in ["someone/something", "actions/checkout@v4", "actions/checkout@3d3c42e", "checkout", "../x/y"] {
            let error = Pins::new(&pins).resolve_user(uses, &Path::of("uses")).unwrap_err();
            assert!(error.to_string().starts_with("error: uses: "), "{uses}: {error}");
        }
        let commit = format!("someone/something@{}", "1".repeat(40));
        assert!(Pins::new(&pins).resolve_user(&commit, &Path::of("uses")).is_ok());
    }
}
