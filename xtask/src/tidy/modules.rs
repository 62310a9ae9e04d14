//! No source file that nothing compiles, and one integration test binary per package.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "modules", about: "every source and test file is a module of its package", check };

/// The files that cargo itself starts from.
const ROOTS: [&str; 4] = ["src/lib.rs", "src/main.rs", "tests/it/main.rs", "build.rs"];

fn check(tree: &Tree) -> Vec<Finding> {
    let packages: Vec<&str> = tree.manifests().map(|(folder, _)| folder).collect();
    let mut findings = Vec::new();
    for (path, _) in tree.rust() {
        // The innermost package, for one package may lie in the folder of another.
        let owner = packages.iter().filter(|folder| path.starts_with(**folder)).max_by_key(|folder| folder.len());
        if let Some(folder) = owner {
            findings.extend(check_file(tree, folder, &path[folder.len()..]));
        }
    }
    findings
}

/// Checks one file, named relative to the folder of its package.
fn check_file(tree: &Tree, folder: &str, file: &str) -> Option<Finding> {
    let path = format!("{folder}{file}");
    if file.starts_with("tests/") && file.matches('/').count() == 1 {
        return Some(Finding::file(&path, "a test binary of its own: make it a module of tests/it/main.rs"));
    }
    let in_module_tree = file.starts_with("src/") || file.starts_with("tests/it/");
    let is_program = file.starts_with("src/bin/") && file.ends_with("/main.rs");
    if !in_module_tree
        || is_program
        || ROOTS.contains(&file)
        || is_declared(tree, folder, file)
        || is_named(tree, folder, file)
    {
        return None;
    }
    Some(Finding::file(&path, format!("nothing declares it: add `mod {};` to its parent", module_name(file))))
}

/// Whether one of the files that can hold the `mod` line of this file has it.
fn is_declared(tree: &Tree, folder: &str, file: &str) -> bool {
    let module_folder = parent(file.strip_suffix("/mod.rs").unwrap_or(file));
    let beside = ["mod.rs", "lib.rs", "main.rs"].map(|name| format!("{folder}{module_folder}/{name}"));
    let above = format!("{folder}{module_folder}.rs");
    let mut parents = beside.iter().chain([&above]).filter_map(|path| tree.files.get(path));
    parents.any(|text| text.lines().any(|line| declares(line, module_name(file))))
}

fn declares(line: &str, name: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix("pub").map_or(line, |rest| rest.split_once(')').map_or(rest, |(_, rest)| rest));
    line.trim().strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) == Some(name)
}

/// Whether the package names the file in a string: `#[path = "..."]`, `include!("...")`, a test that compiles it.
fn is_named(tree: &Tree, folder: &str, file: &str) -> bool {
    let end_of_string = format!("{}\"", file.rsplit('/').next().unwrap_or(file));
    tree.rust().any(|(path, text)| path.starts_with(folder) && text.contains(&end_of_string))
}

fn module_name(file: &str) -> &str {
    let path = file.strip_suffix("/mod.rs").or_else(|| file.strip_suffix(".rs")).unwrap_or(file);
    path.rsplit('/').next().unwrap_or(path)
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_finds(files: &[(&str, &str)], expected: &[&str]) {
        let manifests = [("disk/Cargo.toml", "[package]\n"), ("disk/derive/Cargo.toml", "[package]\n")];
        let findings = check(&Tree::sample(&[&manifests, files].concat()));
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_forgotten_test_file_is_found() {
        check_finds(&[("disk/tests/it/main.rs", "mod kept;"), ("disk/tests/it/kept.rs", "")], &[]);
        check_finds(
            &[("disk/tests/it/main.rs", "// mod lost;"), ("disk/tests/it/lost.rs", "")],
            &["disk/tests/it/lost.rs"],
        );
    }

    #[test]
    fn a_second_test_binary_is_found() {
        check_finds(&[("disk/tests/more.rs", "")], &["disk/tests/more.rs"]);
    }

    #[test]
    fn modules_are_looked_up_where_rust_does() {
        let lib = ("disk/src/lib.rs", "pub mod a;\npub(crate) mod b;\n");
        let modules = [("disk/src/a.rs", "mod c;"), ("disk/src/a/c.rs", ""), ("disk/src/b/mod.rs", "mod d;")];
        check_finds(&[&[lib][..], &modules, &[("disk/src/b/d.rs", "")]].concat(), &[]);
        check_finds(&[lib, ("disk/src/a/c.rs", ""), ("disk/src/c.rs", "")], &["disk/src/a/c.rs", "disk/src/c.rs"]);
    }

    #[test]
    fn the_module_tree_of_a_package_inside_another_is_its_own() {
        check_finds(&[("disk/derive/src/lib.rs", "mod parse;"), ("disk/derive/src/parse.rs", "")], &[]);
    }

    #[test]
    fn a_file_may_be_named_instead() {
        let lib = ("disk/src/lib.rs", "include!(\"generated/wire.rs\");");
        check_finds(&[lib, ("disk/src/generated/wire.rs", "")], &[]);
    }
}
