//! Every file says what it is for.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule = Rule { name: "module-docs", about: "the first line of a Rust file is `//! ...`", check };

fn check(tree: &Tree) -> Vec<Finding> {
    // A sample for the compiler's messages begins with what it is a sample of.
    let files = tree.written_rust().filter(|(path, _)| !path.contains("/tests/ui/"));
    let silent = files.filter(|(_, text)| !text.starts_with("//! "));
    silent.map(|(path, _)| Finding::line(path, 1, "no module documentation")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_generated_files_and_samples_may_be_silent() {
        let findings = check(&Tree::sample(&[
            ("a.rs", "//! Says what it is for.\n"),
            ("src/generated/b.rs", "fn f() {}\n"),
            ("framework/tests/ui/a.rs", "fn f() {}\n"),
            ("c.rs", "//!\n//! Late.\n"),
            ("d.rs", "fn f() {}\n"),
        ]));
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["c.rs", "d.rs"]);
    }
}
