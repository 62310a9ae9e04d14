//! `cargo xtask tidy`: the rules of this repository that no compiler checks.
//!
//! A rule is a function from the tracked files to findings, in a file of its own, and a line in [`RULES`]. Its tests
//! make it fail once on a tree of their own.

mod documents;
mod file_size;
mod manifests;
mod module_docs;
mod modules;
mod names_of_places;
mod pure_crates;
mod quotations;
mod tree;
mod unfinished;

use std::fmt;

use anyhow::{Result, bail};

use crate::{Command, expect_none};
use tree::Tree;

pub(crate) const COMMAND: Command =
    Command { name: "tidy", options: "", about: "check the rules of this repository", run };

struct Rule {
    name: &'static str,
    /// What holds when there are no findings.
    about: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    documents::RULE,
    file_size::RULE,
    manifests::RULE,
    module_docs::RULE,
    modules::RULE,
    names_of_places::RULE,
    pure_crates::RULE,
    quotations::RULE,
    unfinished::RULE,
];

/// One place where a rule does not hold.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    message: String,
}

impl Finding {
    fn file(path: &str, message: impl Into<String>) -> Self {
        Self::line(path, 0, message)
    }

    fn line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let findings = report(&Tree::of_workspace()?);
    if findings.is_empty() {
        eprintln!("tidy: {} rules hold", RULES.len());
        return Ok(());
    }
    for line in &findings {
        println!("{line}");
    }
    bail!("{} findings", findings.len())
}

/// The findings of every rule, each as one line that ends with the rule's name.
fn report(tree: &Tree) -> Vec<String> {
    let lines = |rule: &Rule| {
        let findings = (rule.check)(tree);
        findings.iter().map(|finding| format!("{finding} [{}: {}]", rule.name, rule.about)).collect::<Vec<_>>()
    };
    RULES.iter().flat_map(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_unique_and_described() {
        assert!(RULES.is_sorted_by(|a, b| a.name < b.name));
        assert!(RULES.iter().all(|rule| !rule.about.is_empty()));
    }

    #[test]
    fn a_finding_names_file_line_and_rule() {
        let findings = report(&Tree::sample(&[("disk/src/lib.rs", "//! Disk.\n// TO\u{44}O: more\n")]));
        let expected = "disk/src/lib.rs:2: unfinished: finish it or take it out [unfinished: ";
        assert!(findings.iter().any(|line| line.starts_with(expected)), "{findings:?}");
    }

    #[test]
    fn this_repository_is_tidy() {
        let findings = report(&Tree::of_workspace().unwrap());
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }
}
