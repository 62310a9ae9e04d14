//! Which versions of Python the pipeline runs with.

use framework::{Diagnostic, Diagnostics, Path};

use crate::pipeline::model::Value;
use crate::pipeline::pins;
use crate::project::{Component, VersionKind};

/// The oldest minor version of Python 3 that GitHub's machines and uv still install everywhere.
const OLDEST: u32 = 9;

/// Versions of Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    /// The one that everything but the tests runs with.
    main: String,
    /// Those that the tests run with, at least one.
    tested: Vec<String>,
}

impl Versions {
    /// The version that everything but the tests runs with.
    pub(super) fn main(&self) -> Value {
        Value::text(&self.main)
    }

    /// The versions that the tests run with: the values of the job's versions, and the version of the single run.
    pub(super) fn tested(&self) -> (Vec<String>, Value) {
        match self.tested.as_slice() {
            [only] => (Vec::new(), Value::text(only)),
            several => (several.to_vec(), Value::LanguageVersion),
        }
    }
}

/// Takes what the user asks for, or else what the project states: the versions it says it supports, the one it pins, or the oldest
/// that its manifest accepts.
pub(super) fn choose(wanted: Option<&[String]>, component: &Component, diagnostics: &mut Diagnostics) -> Versions {
    if let Some([.., last]) = wanted {
        return Versions { main: last.clone(), tested: wanted.unwrap_or_default().to_vec() };
    }
    let of_kind =
        |kind| component.versions.iter().filter(move |version| version.runtime == "python" && version.kind == kind);
    let pinned = of_kind(VersionKind::Pinned).find_map(|version| plain(&version.spec));
    let mut supported: Vec<_> = of_kind(VersionKind::Supported).filter_map(|version| minor(&version.spec)).collect();
    supported.retain(|minor| *minor >= OLDEST);
    supported.sort_unstable();
    supported.dedup();
    let supported: Vec<_> = supported.into_iter().map(|minor| format!("3.{minor}")).collect();
    let required = || of_kind(VersionKind::Required).find_map(|version| oldest(&version.spec));
    let main = pinned.or_else(|| supported.last().cloned()).or_else(|| required().map(|minor| format!("3.{minor}")));
    let main = main.unwrap_or_else(|| {
        diagnostics.push(unknown());
        pins::program("python").to_owned()
    });
    Versions { tested: if supported.is_empty() { vec![main.clone()] } else { supported }, main }
}

fn unknown() -> Diagnostic {
    let detail = format!(
        "The project states no version of Python that it needs, so the pipeline runs with {}. Set `versions`, or state one in \
         `.python-version` or as `requires-python` in `pyproject.toml`.",
        pins::program("python")
    );
    Diagnostic::warning("Unknown version of Python", detail).at(Path::of("versions"))
}

/// A single version, such as `3.12` or `3.12.4`.
fn plain(spec: &str) -> Option<String> {
    let is_version = spec.split('.').count() >= 2 && spec.split('.').all(|part| part.parse::<u32>().is_ok());
    is_version.then(|| spec.to_owned())
}

/// The minor version of a version of Python 3.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("3.")?.split('.').next()?.parse().ok()
}

/// The oldest minor version that a range accepts.
fn oldest(spec: &str) -> Option<u32> {
    let clauses = spec.split([',', ' ']).map(str::trim).filter(|clause| !clause.is_empty());
    let lower = |clause: &str| {
        if clause.starts_with(['<', '!']) {
            return None;
        }
        minor(clause.trim_start_matches(['>', '=', '~', '^', ' ']).trim_end_matches(".*"))
    };
    clauses.filter_map(lower).max().map(|minor| minor.max(OLDEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spec: &str, expected: Option<u32>) {
        assert_eq!(oldest(spec), expected, "{spec}");
    }

    #[test]
    fn the_oldest_version_of_a_range_is_found() {
        check(">=3.11", Some(11));
        check(">=3.11,<4", Some(11));
        check(">= 3.10, != 3.10.1", Some(10));
        check("^3.12", Some(12));
        check("~=3.13.0", Some(13));
        check("==3.12.*", Some(12));
        check(">=3.6", Some(9));
        check("<4", None);
        check("*", None);
    }
}
