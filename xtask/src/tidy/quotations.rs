//! What a document shows of a file is what the file holds.

use std::path::Path;

use super::tree::Tree;
use super::{Finding, Rule};

pub(super) const RULE: Rule = Rule {
    name: "quotations",
    about: "a code block below `<!-- the whole of PATH -->` is the whole of that file",
    check,
};

const BEFORE: &str = "<!-- the whole of ";
const BEHIND: &str = " -->";

fn check(tree: &Tree) -> Vec<Finding> {
    let documents =
        tree.files.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "md"));
    documents.flat_map(|(path, text)| check_document(tree, path, text)).collect()
}

fn check_document(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let Some(file) = line.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(BEHIND)) else { continue };
        let block = block(&lines[index + 1..]);
        let message = match tree.files.get(file) {
            None => format!("there is no {file}"),
            Some(expected) if block.as_ref() != Some(expected) => format!("the block below is not what {file} holds"),
            Some(_) => continue,
        };
        findings.push(Finding::line(path, index + 1, message));
    }
    findings
}

/// The text of the code block that these lines begin with, after empty ones.
fn block(lines: &[&str]) -> Option<String> {
    let mut lines = lines.iter().skip_while(|line| line.is_empty());
    lines.next().filter(|line| line.starts_with("```"))?;
    Some(lines.take_while(|line| **line != "```").flat_map(|line| [*line, "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_finds(document: &str, expected: &[&str]) {
        let tree = Tree::sample(&[("README.md", document), ("src/main.rs", "fn main() {\n\n}\n")]);
        assert_eq!(check(&tree).iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_block_is_the_whole_file() {
        let quoted = |code: &str| format!("# Title\n\n<!-- the whole of src/main.rs -->\n```rust\n{code}```\nMore.\n");
        check_finds(&quoted("fn main() {\n\n}\n"), &[]);
        let differs = ["README.md:3: the block below is not what src/main.rs holds"];
        check_finds(&quoted("fn main() {\n}\n"), &differs);
        check_finds("\n\n<!-- the whole of src/main.rs -->\nNo block.\n", &differs);
        check_finds("<!-- the whole of src/lib.rs -->\n```rust\n```\n", &["README.md:1: there is no src/lib.rs"]);
    }
}
