//! Files that can be read in one sitting.

use super::tree::Tree;
use super::{Finding, Rule};

const LIMIT: usize = 500;

pub(super) const RULE: Rule =
    Rule { name: "file-size", about: "the part of a source file before its tests has at most 500 lines", check };

fn check(tree: &Tree) -> Vec<Finding> {
    let sized =
        tree.written_rust().filter(|(path, _)| is_source(path)).map(|(path, text)| (path, production_lines(text)));
    let long = sized.filter(|(_, lines)| *lines > LIMIT);
    long.map(|(path, lines)| Finding::file(path, format!("{lines} lines: cut it at its second concern"))).collect()
}

/// Whether a file is part of a crate, not of its tests.
fn is_source(path: &str) -> bool {
    path.contains("src/") && !path.ends_with("/tests.rs") && !path.contains("/tests/")
}

/// The lines before the inline test module.
fn production_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod ");
    lines.windows(2).position(starts_tests).unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_long(path: &str, before_tests: usize, in_tests: usize, long: bool) {
        let text = "x\n".repeat(before_tests) + "#[cfg(test)]\nmod tests {\n" + &"x\n".repeat(in_tests) + "}\n";
        assert_eq!(!check(&Tree::sample(&[(path, &text)])).is_empty(), long);
    }

    #[test]
    fn only_what_comes_before_the_tests_counts() {
        check_long("disk/src/lib.rs", LIMIT, LIMIT, false);
        check_long("disk/src/lib.rs", LIMIT + 1, 0, true);
        check_long("disk/src/stage/tests.rs", LIMIT + 1, 0, false);
        check_long("disk/tests/it/main.rs", LIMIT + 1, 0, false);
    }

    #[test]
    fn a_single_item_for_tests_does_not_hide_the_rest() {
        let text = "#[cfg(test)]\nuse x;\n".to_owned() + &"x\n".repeat(LIMIT);
        assert_eq!(check(&Tree::sample(&[("disk/src/lib.rs", &text)])).len(), 1);
    }
}
