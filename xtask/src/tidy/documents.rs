//! The documents that a reader looks for first.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "documents", about: "README.md, ARCHITECTURE.md and CHANGELOG.md say something", check };

fn check(tree: &Tree) -> Vec<Finding> {
    let wanted = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];
    let empty = |name: &&str| tree.files.get(*name).is_none_or(|text| text.trim().is_empty());
    wanted.into_iter().filter(empty).map(|name| Finding::file(name, "missing or empty")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_and_an_empty_document_are_found() {
        let findings = check(&Tree::sample(&[("README.md", "# devops-flow"), ("CHANGELOG.md", "\n")]));
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["ARCHITECTURE.md", "CHANGELOG.md"]);
    }
}
