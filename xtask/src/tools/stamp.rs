//! The fingerprint that tells whether an installation is the one that is wanted.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::Result;
use fs_err as fs;

/// Everything an installation depends on: the runtime's version, where the workspace is (scripts of a virtual
/// environment name it), and the name and content of every input.
///
/// The hash is not stable across Rust releases: at worst everything is installed once more.
pub(super) fn fingerprint(version: &str, root: &Path, inputs: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (version, root).hash(&mut hasher);
    for input in inputs {
        for path in files(&root.join(input))? {
            (path.strip_prefix(root).unwrap_or(&path), fs::read(&path)?).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// A file itself, or the files of a folder and of the folders in it, in order.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}
