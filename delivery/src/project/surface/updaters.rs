//! What keeps dependencies current, and which files it leaves alone.

use super::{Updater, UpdaterKind};
use crate::project::Note;
use crate::project::text::{self, Node};
use crate::project::walk::Tree;

/// Where the configurations are.
const FILES: &[(&str, UpdaterKind)] = &[
    (".github/dependabot.yaml", UpdaterKind::Dependabot),
    (".github/dependabot.yml", UpdaterKind::Dependabot),
    (".github/renovate.json", UpdaterKind::Renovate),
    (".github/renovate.json5", UpdaterKind::Renovate),
    (".renovaterc", UpdaterKind::Renovate),
    (".renovaterc.json", UpdaterKind::Renovate),
    ("renovate.json", UpdaterKind::Renovate),
    ("renovate.json5", UpdaterKind::Renovate),
];

/// The ecosystem of Dependabot and the manager of Renovate that change the versions of actions.
const ACTIONS: &str = "github-actions";

/// The pattern of all files.
const ALL: &str = "**";

/// The programs that have a configuration, sorted by its path.
pub(super) fn read(tree: &Tree, notes: &mut Vec<Note>) -> Vec<Updater> {
    let there = FILES.iter().filter(|(path, _)| tree.has(path));
    let updater = |(path, kind): &(&str, UpdaterKind)| {
        let spared = match kind {
            UpdaterKind::Dependabot => dependabot(text::yaml(tree, path, notes).first()),
            UpdaterKind::Renovate => text::jsonc(tree, path, notes).as_ref().map(renovate).unwrap_or_default(),
        };
        Updater { kind: *kind, path: (*path).to_owned(), spared }
    };
    there.map(updater).collect()
}

/// What every entry for actions excludes; everything, where no entry is for actions.
fn dependabot(config: Option<&Node>) -> Vec<String> {
    let updates = config.and_then(|config| config.get("updates")).map(Node::items).unwrap_or_default();
    let mut entries = updates.iter().filter(|entry| entry.text_at(&["package-ecosystem"]) == Some(ACTIONS));
    let Some(first) = entries.next() else { return vec![ALL.to_owned()] };
    let excluded = |entry| texts(entry, "exclude-paths");
    entries.fold(excluded(first), |mut common, entry| {
        let also = excluded(entry);
        common.retain(|pattern| also.contains(pattern));
        common
    })
}

fn renovate(config: &Node) -> Vec<String> {
    let off = |keys: &[&str]| config.text_at(keys) == Some("false");
    let managers = config.get("enabledManagers").is_some().then(|| texts(config, "enabledManagers"));
    let without_actions = managers.is_some_and(|managers| !managers.iter().any(|manager| manager == ACTIONS));
    if off(&["enabled"]) || off(&[ACTIONS, "enabled"]) || without_actions {
        return vec![ALL.to_owned()];
    }
    texts(config, "ignorePaths")
}

/// The texts of a list.
fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).map(Node::items).unwrap_or_default();
    items.iter().filter_map(Node::text).map(str::to_owned).collect()
}

impl Updater {
    /// Whether it leaves the file alone that has this path relative to the root. A pattern names a file, a folder with
    /// all in it, or is a glob with `*`, `?` and `**`; for Renovate also any part of the path.
    pub fn spares(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        self.spared.iter().any(|pattern| {
            if self.kind == UpdaterKind::Renovate && !pattern.is_empty() && path.contains(pattern) {
                return true;
            }
            let pattern = pattern.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
            let pattern: Vec<&str> = pattern.split('/').collect();
            let fits = |pattern: &&str, part: &&str| {
                let fits = |pattern: &u8, byte: &u8| pattern == byte || *pattern == b'?';
                matches(pattern.as_bytes(), part.as_bytes(), |byte| *byte == b'*', fits)
            };
            (1..=parts.len()).any(|length| matches(&pattern, &parts[..length], |part| *part == ALL, fits))
        })
    }
}

/// Whether `pattern` matches `text`. Its elements that are `any` stand for any number of elements, the others for one
/// that `fits`. Takes no more steps than the product of the lengths, for patterns come from files of others.
fn matches<P, T>(pattern: &[P], text: &[T], any: impl Fn(&P) -> bool, fits: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where to go on when what follows the last `any` does not match: that one takes one element more.
    let mut retry = None;
    loop {
        match (pattern.get(at), text.get(seen)) {
            (None, None) => return true,
            (Some(element), _) if any(element) => {
                at += 1;
                retry = Some((at, seen));
            }
            (Some(element), Some(found)) if fits(element, found) => (at, seen) = (at + 1, seen + 1),
            _ => match retry {
                Some((after, taken)) if taken < text.len() => {
                    (at, seen) = (after, taken + 1);
                    retry = Some((at, seen));
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: UpdaterKind, pattern: &str, expected: bool) {
        let updater = Updater { kind, path: String::new(), spared: vec![pattern.to_owned()] };
        assert_eq!(updater.spares(".github/workflows/ci.yml"), expected, "{pattern}");
    }

    #[test]
    fn files_folders_and_globs_spare_a_file() {
        for pattern in [
            ".github/workflows/ci.yml",
            "/.github/workflows/ci.yml",
            ".github/workflows/",
            ".github",
            "**",
            "**/ci.yml",
            "**/workflows/**",
            ".github/workflows/c?.*",
        ] {
            check(UpdaterKind::Dependabot, pattern, true);
        }
        let patterns =
            ["ci.yml", ".github/workflows/c", ".github/*.yml", "**/release.yml", "workflows/**", "", "*/*/*/*"];
        for pattern in patterns {
            check(UpdaterKind::Dependabot, pattern, false);
        }
        check(UpdaterKind::Renovate, "ci.yml", true);
        check(UpdaterKind::Renovate, "", false);
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        check(UpdaterKind::Dependabot, &format!("{}x", "**/*w*/".repeat(10_000)), false);
        check(UpdaterKind::Dependabot, &format!("{}x", "*".repeat(100_000)), false);
    }
}
