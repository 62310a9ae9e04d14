//! Short ways to say what is planned and to see what is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use disk::testing::Unsynced;
use disk::{Artifact, Artifacts, RelativePath};

pub(crate) fn path(path: &str) -> RelativePath {
    path.parse().unwrap()
}

/// A set of texts.
pub(crate) fn set<const N: usize>(texts: [(&str, &str); N]) -> Artifacts {
    texts.map(|(at, text)| (path(at), Artifact::text(text))).into()
}

/// Every file below `folder`, hidden ones and stages too, by its relative path.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut directories = vec![folder.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// Runs one test of this binary in a process of its own, with a folder to work in.
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("DISK_TEST_FOLDER", folder);
    command
}

/// The folder of [`child`]; `None` in an ordinary run, in which the child's part has nothing to do.
pub(crate) fn child_folder() -> Option<std::path::PathBuf> {
    std::env::var_os("DISK_TEST_FOLDER").map(Into::into)
}

/// Ways to lose what was not synced, the extreme ones first.
pub(crate) fn survivals() -> Vec<Box<dyn FnMut(Unsynced) -> bool>> {
    let mut ways: Vec<Box<dyn FnMut(Unsynced) -> bool>> = vec![
        Box::new(|_| false),
        Box::new(|_| true),
        Box::new(|change| change == Unsynced::Name),
        Box::new(|change| change == Unsynced::Content),
    ];
    for seed in 1..=24_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ways.push(Box::new(move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state & 1 == 0
        }));
    }
    ways
}
