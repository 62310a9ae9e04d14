//! Writes the files that are generated and committed, or checks that they are what would be written.
//!
//! A crate of its own, because it builds the provider and a protobuf compiler, which the other commands of `cargo xtask`
//! do not need.
#![expect(clippy::print_stderr, reason = "this program owns its streams")]

mod docs;
mod protocol;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use fs_err as fs;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder.ancestors().nth(2).context("the crate lies two folders below the root")?;
    let mut files = protocol::files(root)?;
    files.extend(docs::pages(root)?);
    match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => write(root, &files),
        [flag] if flag == "--check" => check(root, &files),
        args => bail!("unexpected arguments {args:?}: only --check is known"),
    }
}

fn write(root: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("every file is in a folder")?)?;
        if fs::read_to_string(&path).ok().as_ref() != Some(text) {
            fs::write(&path, text)?;
            eprintln!("wrote {}", path.display());
        }
    }
    Ok(())
}

fn check(root: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| path.as_str())
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    bail!("not what would be generated: {}; run `cargo xtask generate`", stale.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files =
            BTreeMap::from([("a.rs", "1"), ("b.rs", "2")].map(|(name, text)| (name.to_owned(), text.to_owned())));
        write(folder.path(), &files).unwrap();
        check(folder.path(), &files).unwrap();
        fs::write(folder.path().join("a.rs"), "edited").unwrap();
        let error = check(folder.path(), &files).unwrap_err().to_string();
        assert!(error.contains("a.rs") && !error.contains("b.rs"), "{error}");
    }
}
