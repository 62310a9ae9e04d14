//! One place for versions and lints: the manifest of the workspace.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "manifests", about: "packages take lints, edition and dependencies from the workspace", check };

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

fn check(tree: &Tree) -> Vec<Finding> {
    tree.manifests().flat_map(|(folder, text)| check_manifest(&format!("{folder}Cargo.toml"), text)).collect()
}

fn check_manifest(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut has_lints = false;
    for (number, section, line) in settings(text) {
        has_lints |= section == "lints" && line == "workspace = true";
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, inherits) = (key.trim(), line.contains("workspace = true"));
        if is_dependencies(section) && !inherits {
            let message = format!("`{key}` is not taken from the workspace: write `{key}.workspace = true`");
            findings.push(Finding::line(path, number, message));
        }
        if section == "package" && INHERITED.contains(&key) {
            let message = format!("`{key} ={value}`: write `{key}.workspace = true`");
            findings.push(Finding::line(path, number, message));
        }
    }
    if !has_lints {
        findings.push(Finding::file(path, "no `[lints]` with `workspace = true`"));
    }
    findings
}

fn is_dependencies(section: &str) -> bool {
    section.split('.').next_back().is_some_and(|last| last.ends_with("dependencies"))
}

/// Every line that is neither empty, comment nor header, with its number and its section.
fn settings(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut section = "";
    let numbered = text.lines().map(str::trim).enumerate();
    numbered.filter_map(move |(index, line)| {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((index + 1, section, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_finds(text: &str, expected: &[&str]) {
        let findings = check(&Tree::sample(&[("disk/Cargo.toml", text)]));
        let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_not_inherited_is_found() {
        check_finds(
            "[package]\nname = \"disk\"\nedition = \"2021\"\n\n[dependencies]\nserde = \"1\"\nrmp.workspace = true\n",
            &[
                "disk/Cargo.toml:3: `edition = \"2021\"`: write `edition.workspace = true`",
                "disk/Cargo.toml:6: `serde` is not taken from the workspace: write `serde.workspace = true`",
                "disk/Cargo.toml: no `[lints]` with `workspace = true`",
            ],
        );
    }

    #[test]
    fn inherited_settings_with_features_are_fine() {
        check_finds(
            "[package]\nname = \"disk\"\nedition.workspace = true\n[target.'cfg(unix)'.dependencies]\n\
             rustix = { workspace = true, features = [\"fs\"] }\n[lints]\nworkspace = true\n",
            &[],
        );
    }
}
