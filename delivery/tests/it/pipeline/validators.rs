//! Programs that are not ours find nothing to say of any variant.
//!
//! They are installed by `cargo xtask tools`; those that are missing are passed over, or with `DEVOPSFLOW_REQUIRE_ALL=1` an
//! error. With `DEVOPSFLOW_VARIANTS_DIR`, the variants are written there and stay.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fixture::text;
use super::variants::variants;

/// What yamllint asks for beyond its defaults contradicts Prettier or cannot be: comments behind two spaces, short lines.
const YAMLLINT: &str = "{extends: default, rules: {document-start: disable, line-length: disable, \
                        comments: {min-spaces-from-content: 1}}}";

/// Writes every variant below a directory, as a repository would have it.
fn write(root: &Path) -> Vec<PathBuf> {
    let directory = root.join(".github/workflows");
    fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: String| {
        let path = directory.join(format!("{name}.yml"));
        // Another test may be reading what it wrote to the same place.
        let mut file = tempfile::NamedTempFile::new_in(&directory).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(&path).unwrap();
        path
    };
    variants().iter().map(|variant| write(&variant.name, text(&variant.files, &variant.options))).collect()
}

/// The variants, in a directory that lives as long as the guard.
fn written() -> (Option<tempfile::TempDir>, Vec<PathBuf>) {
    if let Some(directory) = env::var_os("DEVOPSFLOW_VARIANTS_DIR") {
        return (None, write(Path::new(&directory)));
    }
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path());
    (Some(directory), files)
}

/// Runs a program from the tools of the workspace on every variant. It must succeed, and say nothing if `silent`.
#[track_caller]
fn check(program: &str, arguments: &[&str], silent: bool) {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools");
    let path = tools.join(program);
    if !path.exists() {
        assert!(env::var_os("DEVOPSFLOW_REQUIRE_ALL").is_none_or(|value| value != "1"), "{program} is not installed");
        println!("skipped: {program} is not installed, see `cargo xtask tools`");
        return;
    }
    let (_guard, files) = written();
    let mut search = vec![tools.join("venv/bin"), tools.join("bin")];
    search.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let output =
        Command::new(path).args(arguments).args(&files).env("PATH", env::join_paths(search).unwrap()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && (!silent || said.is_empty()), "{program}:\n{said}");
}

#[test]
fn the_schema_accepts_every_variant() {
    check("venv/bin/check-jsonschema", &["--builtin-schema", "vendor.github-workflows"], false);
}

#[test]
fn actionlint_finds_nothing() {
    check("bin/actionlint", &["-no-color"], true);
}

#[test]
fn zizmor_finds_nothing() {
    check("venv/bin/zizmor", &["--offline", "--no-progress", "--quiet"], false);
}

#[test]
fn yamllint_finds_nothing() {
    check("venv/bin/yamllint", &["--strict", "--config-data", YAMLLINT], true);
}

#[test]
fn prettier_would_change_nothing() {
    check("node/node_modules/.bin/prettier", &["--check"], false);
}
