//! Sorts test files into suites by the names of their directories and files.

use std::collections::BTreeMap;

use super::folder::Folder;
use crate::project::Evidence;
use crate::project::component::{Component, Selector, TestKind, TestSuite};
use crate::project::walk;

/// Directories that hold tests of any kind.
const ROOTS: &[&str] = &["tests", "test", "spec", "specs", "__tests__"];

/// Directories above scripts that smoke-test a deployment.
const SCRIPT_DIRECTORIES: &[&str] = &["scripts", "script", "bin", "ci", "deploy", "tests", "test"];

/// What is known of the tests of an ecosystem.
pub(super) struct Rules {
    /// Whether the file at a path within the component is a test.
    pub(super) is_test: fn(&str) -> bool,
    /// The kind of tests that lie in a directory of tests and whose names tell nothing.
    pub(super) default: TestKind,
}

/// The kind that a directory, a marker or a word of a file name stands for.
pub(super) fn kind_of(name: &str) -> Option<TestKind> {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    match name.as_str() {
        "unit" | "units" | "unittest" | "unittests" => Some(TestKind::Unit),
        "integration" | "integrationtest" | "integrationtests" | "integ" | "it" | "functional" => {
            Some(TestKind::Integration)
        }
        "e2e" | "e2etest" | "e2etests" | "endtoend" | "acceptance" | "cypress" | "playwright" => {
            Some(TestKind::EndToEnd)
        }
        "smoke" | "smoketest" | "smoketests" => Some(TestKind::Smoke),
        _ => None,
    }
}

/// Puts the suites of a component's tests into it.
pub(super) fn fill(
    folder: &Folder<'_>,
    files: impl Iterator<Item = impl AsRef<str>>,
    rules: &Rules,
    component: &mut Component,
) {
    let mut suites: BTreeMap<(TestKind, Selector), Evidence> = BTreeMap::new();
    for file in files {
        let file = file.as_ref();
        if (rules.is_test)(file) {
            let (kind, path) = classify(file, rules.default);
            suites.entry((kind, Selector::Path(path))).or_insert_with(|| Evidence::file(folder.path(file), "test"));
        }
    }
    for file in folder.own_files().filter(|file| is_smoke_script(file)) {
        let path = folder.path(file);
        suites.insert((TestKind::Smoke, Selector::Script(path.clone())), Evidence::file(path, "script"));
    }
    let suite = |((kind, selector), evidence)| TestSuite { kind, selector, evidence };
    let suites: Vec<TestSuite> = suites.into_iter().map(suite).collect();
    component.tests.extend(suites.iter().filter(|suite| !suites.iter().any(|other| covers(other, suite))).cloned());
    component.tests.sort();
}

/// Whether a run of the other suite also runs this one, because its directory lies above.
fn covers(other: &TestSuite, suite: &TestSuite) -> bool {
    let (Selector::Path(above), Selector::Path(path)) = (&other.selector, &suite.selector) else { return false };
    other.kind == suite.kind && above != path && walk::ancestors(path).any(|directory| directory == above)
}

/// The kind of a test, and the directory or file that selects its suite.
fn classify(file: &str, default: TestKind) -> (TestKind, String) {
    let parts: Vec<&str> = file.split('/').collect();
    let (name, directories) = parts.split_last().unwrap_or((&"", &[]));
    let root = directories.iter().position(|part| ROOTS.contains(part));
    let named = |(index, part): (usize, &&str)| {
        let kind = kind_of(part)?;
        let within = root.is_some_and(|root| index > root);
        // Outside a directory of tests, a name counts where it can hardly mean anything else.
        let is_plain =
            kind == TestKind::EndToEnd || part.to_ascii_lowercase().contains("test") || (index == 0 && part.len() > 4);
        (within || is_plain).then(|| (kind, directories[..=index].join("/")))
    };
    if let Some(found) = directories.iter().enumerate().find_map(named) {
        return found;
    }
    if let Some(kind) = kind_of_file(name) {
        return (kind, file.to_owned());
    }
    let kind = if root.is_some() { default } else { TestKind::Unit };
    (kind, suite_directory(directories, root))
}

/// The kind of a file such as `test_integration.py`, `cart.e2e-spec.ts` or `test_end_to_end.py`.
fn kind_of_file(name: &str) -> Option<TestKind> {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let words = format!("_{name}_");
    let has = |word: &str| ["", "test", "tests"].iter().any(|end| words.contains(&format!("_{word}{end}_")));
    let is_whole = has("e2e") || has("end_to_end");
    if is_whole { Some(TestKind::EndToEnd) } else { has("integration").then_some(TestKind::Integration) }
}

/// The directory of tests; where they lie beside what they test, the topmost directory.
fn suite_directory(directories: &[&str], root: Option<usize>) -> String {
    match root {
        Some(root) => directories[..=root].join("/"),
        None => (*directories.first().unwrap_or(&".")).to_owned(),
    }
}

/// Whether a file is a script that smoke-tests a deployment.
fn is_smoke_script(file: &str) -> bool {
    let name = walk::name(file);
    let is_script = ["sh", "bash", "py"]
        .iter()
        .any(|extension| name.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.')));
    let is_placed = file
        .split('/')
        .rev()
        .skip(1)
        .all(|part| SCRIPT_DIRECTORIES.contains(&part) || kind_of(part) == Some(TestKind::Smoke));
    is_script && is_placed && name.to_ascii_lowercase().contains("smoke") && !name.starts_with("test_")
}
