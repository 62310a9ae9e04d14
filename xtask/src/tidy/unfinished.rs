//! Nothing is left for later.

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule =
    Rule { name: "unfinished", about: "no placeholder macro and no note about work to come", check };

/// Marks of unfinished work, in two parts so that this file does not carry them.
const MARKS: [[&str; 2]; 5] = [["to", "do!("], ["unimpl", "emented!("], ["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]];

fn check(tree: &Tree) -> Vec<Finding> {
    let marks = MARKS.map(|parts| parts.concat());
    let mut findings = Vec::new();
    for (path, text) in tree.written_rust() {
        let marked = |line: &str| marks.iter().any(|mark| line.contains(mark.as_str()));
        let lines = text.lines().enumerate().filter(|(_, line)| marked(line));
        findings.extend(lines.map(|(index, _)| Finding::line(path, index + 1, "unfinished: finish it or take it out")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_found() {
        for parts in MARKS {
            let text = format!("//! Doc.\nfn f() {{\n    {} )\n}}\n", parts.concat());
            assert_eq!(check(&Tree::sample(&[("a.rs", &text)]))[0].line, 3);
        }
        assert!(check(&Tree::sample(&[("a.rs", "//! Today is done.\n")])).is_empty());
    }
}
