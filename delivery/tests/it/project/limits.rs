//! What detection refuses to read, and that no tree makes it fail or answer differently.

use std::fs;

use delivery::project::{DetectError, Language, MARKER, MAX_BYTES, Options, detect};
use proptest::prelude::*;

use super::{project, report, tree};

#[test]
fn files_that_this_project_wrote_are_left_out() {
    let files = [("requirements.txt", "ruff\n"), ("Dockerfile", "FROM scratch\n")];
    let marked = format!("# {MARKER}; change the configuration instead\n");
    let written = [(".github/workflows/ci.yml", marked.as_str()), ("k8s/app.yaml", &marked), ("go.mod", &marked)];
    assert_eq!(project(&files), project(&[files.as_slice(), &written].concat()));
    let later = format!("name: ci\n# {MARKER}\n");
    assert_eq!(project(&[files[0], (".github/workflows/ci.yml", &later)]).surface.ci.len(), 1);
}

#[test]
fn broken_files_are_noted_and_still_count() {
    let files = [
        ("pyproject.toml", "[project]\nname = \n"),
        ("package.json", "{\n  \"name\": }\n"),
        ("k8s/app.yaml", "apiVersion: v1\nkind: [\n"),
        ("main.tf", "variable \"a\" {\n"),
        ("uv.lock", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    python . application -
      manager uv lock=uv.lock <- uv.lock (lock file)
    node . application -
      manager npm <- package.json (no sign of another package manager)
    note k8s/app.yaml:2: is not valid YAML (unclosed bracket '['); only its presence counts
    note main.tf:1: is not valid HCL (invalid block body; expected `}`, newline or identifier); only its presence counts
    note package.json:2: is not valid JSON (expected value); only its presence counts
    note pyproject.toml:2: is not valid TOML (string values must be quoted, expected literal string); only its presence counts
    "#);
}

#[test]
fn large_files_only_count_as_present() {
    let large = "#".repeat(usize::try_from(MAX_BYTES).unwrap() + 1);
    insta::assert_snapshot!(report(&[("requirements.txt", &large)]), @r#"
    python . application -
      manager pip <- requirements.txt (no sign of another package manager)
    note requirements.txt: is larger than 1048576 bytes; only its presence counts
    "#);
}

#[test]
fn directories_of_tools_are_not_looked_into() {
    let skipped = [
        "node_modules/a",
        "vendor/a",
        "target",
        "dist",
        "build",
        ".venv",
        "venv",
        "__pycache__",
        ".terraform",
        ".tox",
        ".cache",
        ".git",
    ];
    let files: Vec<String> = skipped.iter().map(|directory| format!("{directory}/go.mod")).collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|path| (path.as_str(), ""))
        .chain([("env/pyvenv.cfg", ""), ("env/lib/setup.py", "")])
        .collect();
    assert!(
        matches!(detect(tree(&files).path(), &Options::default()), Err(DetectError::Nothing { set_aside, .. }) if set_aside.is_empty())
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let outside = tree(&[("go.mod", "")]);
    let root = tree(&[("requirements.txt", "")]);
    std::os::unix::fs::symlink(outside.path(), root.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("go.mod"), root.path().join("go.mod")).unwrap();
    let found = detect(root.path(), &Options::default()).unwrap();
    assert_eq!(found.components.len(), 1);
    assert_eq!(found.notes.iter().map(|note| note.path.as_str()).collect::<Vec<_>>(), ["go.mod", "linked"]);
}

#[test]
fn depth_has_an_end_and_says_so() {
    let deep = format!("{}go.mod", "d/".repeat(40));
    let found = project(&[("requirements.txt", ""), (&deep, "")]);
    assert_eq!(found.components.len(), 1);
    assert!(found.notes[0].message.contains("directories deep"), "{}", found.notes[0]);
}

#[test]
fn directories_have_a_size_beyond_which_they_are_left_out() {
    let root = tree(&[("requirements.txt", ""), ("z/go.mod", "")]);
    for (directory, files) in [("a", 30_000), ("b", 30_000)] {
        fs::create_dir(root.path().join(directory)).unwrap();
        for file in 0..files {
            fs::write(root.path().join(directory).join(file.to_string()), "").unwrap();
        }
    }
    let found = detect(root.path(), &Options::default()).unwrap();
    assert_eq!(found.components.len(), 1);
    assert_eq!(found.notes[0].to_string(), "z: stopped looking here, after 50000 files and directories");
}

#[test]
fn nesting_without_end_is_refused_by_every_reader() {
    let nested = |start: &str, level: &str| format!("{start}{}", level.repeat(100_000));
    let files = [
        ("pyproject.toml", nested("a = ", "[")),
        ("package.json", nested("", "{\"a\":[")),
        ("k8s/flow.yaml", nested("a: ", "[")),
        ("k8s/block.yaml", nested("", "- ")),
        ("pom.xml", nested("", "<a>")),
        ("a/main.tf", nested("a = ", "(")),
        ("b/main.tf", nested("a = ", "{b=")),
        ("c/main.tf", nested("a = ", "\"${")),
        ("d/main.tf", nested("a = ", "!")),
        ("e/main.tf", nested("a = ", "b?c:")),
        ("f/main.tf", nested("", "a {\n")),
    ];
    let root = tree(&files.each_ref().map(|(path, content)| (*path, content.as_str())));
    let options = Options { language: Some(Language::Python), ..Options::default() };
    let notes = detect(root.path(), &options).unwrap().notes;
    assert_eq!(notes.len(), files.len() - 1, "all but XML, which is read as far as it goes: {notes:#?}");
}

#[test]
fn text_that_is_not_unicode_is_read_as_far_as_it_goes() {
    let root = tree(&[]);
    fs::write(root.path().join("requirements.txt"), b"# caf\xe9\nruff\n").unwrap();
    let found = detect(root.path(), &Options::default()).unwrap();
    assert!(found.component().tool("ruff").is_some());
}

/// Every file that is read by content, so that random bytes reach every reader.
const READ: &[&str] = &[
    ".git/HEAD",
    ".git/config",
    ".python-version",
    ".tool-versions",
    "Cargo.toml",
    "Chart.yaml",
    "Dockerfile",
    "Gemfile",
    "Makefile",
    "Pipfile",
    "Shop.csproj",
    "a.gemspec",
    "build.gradle",
    "compose.yaml",
    "composer.json",
    "deno.jsonc",
    "global.json",
    "go.mod",
    "gradle/libs.versions.toml",
    "justfile",
    "k8s/app.yaml",
    "k8s/kustomization.yaml",
    "main.tf",
    "mise.toml",
    "mix.exs",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "requirements.txt",
    "rust-toolchain.toml",
    "setup.cfg",
    "setup.py",
    "x_test.go",
];

/// Bytes that look like the formats, so that readers get further than their first token.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("[project]\n"),
        Just("{\""),
        Just("\": {"),
        Just("}"),
        Just("name = "),
        Just("\"é\""),
        Just("\n"),
        Just("---\n"),
        Just("- "),
        Just("kind: "),
        Just("<a b='"),
        Just("'>"),
        Just("</"),
        Just("<!--"),
        Just("-->"),
        Just("FROM "),
        Just("\\\n"),
        Just("gem \""),
        Just("require (\n"),
        Just("//go:build integration"),
        Just("{:credo, only: ["),
        Just("variable \"x\" {"),
        Just("[remote \"origin\"]\n\turl=a@b:"),
        Just("${"),
        Just("((((((("),
        Just("[[[[[[["),
        Just("# "),
        Just(":"),
        Just("="),
        Just(","),
        Just("*"),
        Just("&a "),
        Just("é"),
        Just("\u{feff}"),
    ];
    let structured = prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![structured, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_content_makes_detection_fail_or_differ(contents in prop::collection::vec(content(), READ.len())) {
        let root = tree(&READ.iter().map(|path| (*path, "")).collect::<Vec<_>>());
        for (path, content) in READ.iter().zip(&contents) {
            fs::write(root.path().join(path), content).unwrap();
        }
        let is_ambiguous = matches!(detect(root.path(), &Options::default()), Err(DetectError::Ambiguous { .. }));
        prop_assert!(is_ambiguous);
        let options = Options { language: Some(Language::Python), ..Options::default() };
        let answer = || detect(root.path(), &options).unwrap();
        prop_assert_eq!(answer(), answer());
    }
}
