//! Nothing here depends on the machine it was written on, or on where packages come from.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "names-of-places", about: "no file names a folder of one machine or the host of a registry", check };

/// Roots under which a path means something on one machine only.
const MACHINE: [&str; 4] = ["root", "home", "work", "Users"];

/// Paths below those roots that are the same everywhere, because an image or a service defines them.
const COMMON: [&str; 3] = ["home/runner/", "home/nonroot/", "root/.cache/"];

/// Hosts from which package managers download, in two parts so that this file does not name them.
const REGISTRIES: [[&str; 2]; 7] = [
    ["files.pythonhosted", "org"],
    ["index.crates", "io"],
    ["proxy.golang", "org"],
    ["pypi", "org/simple"],
    ["registry.npmjs", "org"],
    ["static.crates", "io"],
    ["sum.golang", "org"],
];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        for (index, line) in text.lines().enumerate() {
            let found = machine_path(line).or_else(|| registry(line));
            findings.extend(found.map(|message| Finding::line(path, index + 1, message)));
        }
    }
    findings
}

fn machine_path(line: &str) -> Option<String> {
    // A slash within a longer path does not start one.
    let starts = line.match_indices('/').filter(|(at, _)| !line[..*at].ends_with(is_path_character));
    let below = starts.map(|(at, _)| &line[at + 1..]).find(|rest| is_on_one_machine(rest))?;
    let path: String = below.chars().take_while(|c| is_path_character(*c)).collect();
    Some(format!("`/{path}` is a path of one machine"))
}

/// Whether a path, without its first slash, lies below one of the roots.
fn is_on_one_machine(path: &str) -> bool {
    let below = |root: &&str| path.strip_prefix(*root).and_then(|rest| rest.strip_prefix('/'));
    let named = MACHINE.iter().find_map(below).is_some_and(|rest| rest.starts_with(is_path_character));
    named && !COMMON.iter().any(|known| path.starts_with(known))
}

fn is_path_character(c: char) -> bool {
    c.is_alphanumeric() || "._-~/}".contains(c)
}

fn registry(line: &str) -> Option<String> {
    let hosts = REGISTRIES.map(|parts| parts.join("."));
    let host = hosts.into_iter().find(|host| line.contains(host.as_str()))?;
    Some(format!("`{host}` is the host of a registry: leave it to the package manager's configuration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, found: bool) {
        assert_eq!(!check(&Tree::sample(&[("docs/a.md", line)])).is_empty(), found, "{line}");
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for root in MACHINE {
            check_line(&format!("see (/{root}/project/file)"), true);
            check_line(&format!("see $HOME/{root}/file, src/{root}/x or ${{ws}}/{root}/y"), false);
            check_line(&format!("the {root}/ of all"), false);
        }
        check_line(&format!("cache: /{}/.cache/pip", "root"), false);
    }

    #[test]
    fn hosts_of_registries_are_found() {
        for parts in REGISTRIES {
            check_line(&format!("https://{}/simple", parts.join(".")), true);
        }
        check_line("registry.terraform.io/devopsflow/devopsflow", false);
    }
}
