//! Commands that a project defines: scripts of a manifest, targets of a `Makefile`, recipes of a `justfile`.

use super::folder::Folder;
use crate::project::Evidence;
use crate::project::component::{Command, Component};
use crate::project::text::{Node, lines};

/// A file of targets: what runs it, its possible names of which the first that is there counts, and how to read it.
type Targets = (&'static str, &'static [&'static str], fn(&str) -> Vec<(u32, &str)>);

const TARGETS: &[Targets] = &[
    ("make", &["GNUmakefile", "makefile", "Makefile"], make_targets),
    ("just", &["justfile", "Justfile", ".justfile"], just_recipes),
];

/// The scripts of a manifest: a table from names to what they run.
pub(super) fn scripts<'a>(
    runner: &'a str,
    path: &'a str,
    table: Option<&'a Node>,
) -> impl Iterator<Item = Command> + use<'a> {
    let entries = table.into_iter().flat_map(Node::entries);
    entries.map(move |(name, node)| Command {
        runner: runner.to_owned(),
        name: name.to_owned(),
        runs: node.text().or_else(|| node.text_at(&["command"])).map(str::to_owned),
        evidence: Evidence::at(path, node.line, "script"),
    })
}

/// Adds the targets of the files in the directory, and sorts all commands.
pub(super) fn fill(folder: &mut Folder<'_>, component: &mut Component) {
    for (runner, names, targets) in TARGETS {
        let Some(name) = names.iter().find(|name| folder.has(name)) else { continue };
        let path = folder.path(name);
        let text = folder.text(name).unwrap_or_default();
        component.commands.extend(targets(&text).into_iter().map(|(line, target)| Command {
            runner: (*runner).to_owned(),
            name: target.to_owned(),
            runs: None,
            evidence: Evidence::at(path.as_str(), line, "target"),
        }));
    }
    component.commands.sort();
    component.commands.dedup_by(|a, b| (&a.runner, &a.name) == (&b.runner, &b.name));
}

/// The targets of a makefile that a person would call, which are those that name no file or pattern.
fn make_targets(text: &str) -> Vec<(u32, &str)> {
    // Messages and definitions run over lines of their own, which can hold a colon as well.
    let is_target = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./%$(){}".contains(&byte));
    let targets = |(line, text)| {
        let names = rule(text).filter(|names| names.split_whitespace().all(is_target)).unwrap_or_default();
        names.split_whitespace().filter(|name| is_name(name)).map(move |name| (line, name))
    };
    lines(text).flat_map(targets).collect()
}

/// The recipes of a justfile, whose names come before their parameters.
fn just_recipes(text: &str) -> Vec<(u32, &str)> {
    let recipe = |(line, text)| {
        let name = rule(text)?.split_whitespace().next()?.trim_start_matches('@');
        (is_name(name) && !["alias", "export", "import", "mod", "set"].contains(&name)).then_some((line, name))
    };
    lines(text).filter_map(recipe).collect()
}

/// What stands before the colon of a line that begins a rule; none for an assignment.
fn rule(line: &str) -> Option<&str> {
    let (names, rest) = line.split_once(':')?;
    (!line.starts_with(char::is_whitespace) && !rest.starts_with('=') && !rest.starts_with(":=")).then_some(names)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
