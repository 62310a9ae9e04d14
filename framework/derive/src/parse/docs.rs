//! Documentation comments as Markdown.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::errors::Errors;

/// The documentation that `attributes` hold, as Markdown with one line for each paragraph; empty if there is none.
pub(crate) fn docs(errors: &Errors, attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(meta) = &attribute.meta else { continue };
        match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => lines.extend(text.value().split('\n').map(str::to_owned)),
            other => errors.at(other, "the description must be written out here: macros cannot be read by the derive"),
        }
    }
    markdown(&lines)
}

/// Joins the lines of a paragraph; keeps apart what Markdown keeps apart.
fn markdown(lines: &[String]) -> String {
    let indent = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    let mut text = String::new();
    let mut fence: Option<&str> = None;
    let mut joins = false;
    for line in lines {
        let line = line.get(indent..).unwrap_or("");
        let start = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|marker| start.starts_with(marker));
        if fence.is_some() || marker.is_some() {
            text.push('\n');
            text.push_str(line.trim_end());
            fence = match fence {
                Some(open) if marker == Some(open) => None,
                Some(open) => Some(open),
                None => marker,
            };
            joins = false;
        } else if joins && !begins_block(line) {
            text.push(' ');
            text.push_str(line.trim());
            joins = !line.trim().is_empty() && !breaks(line);
        } else {
            text.push('\n');
            text.push_str(line.trim_end());
            joins = !start.is_empty() && !stands_alone(start) && !breaks(line) && !line.starts_with("    ");
        }
    }
    text.trim().to_owned()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether the line cannot continue the one before: a blank line, an item, a heading, a quote, a row of a table.
fn begins_block(line: &str) -> bool {
    let start = line.trim_start();
    let numbered = start.trim_start_matches(|c: char| c.is_ascii_digit());
    start.is_empty()
        || stands_alone(start)
        || ["- ", "* ", "+ ", ">"].iter().any(|marker| start.starts_with(marker))
        || numbered.len() < start.len() && (numbered.starts_with(". ") || numbered.starts_with(") "))
}

/// Whether no line can continue this one.
fn stands_alone(start: &str) -> bool {
    start.starts_with('#') || start.starts_with('|')
}

/// Whether the line asks for a break after it.
fn breaks(line: &str) -> bool {
    line.ends_with("  ") || line.ends_with('\\')
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &str) {
        let lines: Vec<String> = lines.lines().map(|line| format!(" {line}")).collect();
        assert_eq!(markdown(&lines), expected);
    }

    #[test]
    fn a_paragraph_becomes_a_line() {
        check(
            "\nThe platform\nthat runs it.\n\nA second\nparagraph.\n\n",
            "The platform that runs it.\n\nA second paragraph.",
        );
        check("", "");
    }

    #[test]
    fn comments_of_both_kinds_are_read() {
        let lines: [Attribute; 4] = [
            parse_quote!(#[doc = " A"]),
            parse_quote!(#[attr(flag)]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = " B"]),
        ];
        let block: Attribute = parse_quote!(#[doc = "\n    A\n    b\n\n    B\n"]);
        let errors = Errors::new();
        assert_eq!(docs(&errors, &lines), "A\n\nB");
        assert_eq!(docs(&errors, &[block]), "A b\n\nB");
        errors.finish().expect("nothing is wrong");
    }

    #[test]
    fn blocks_stay_apart() {
        check("One of:\n- a thing\n  with more\n- b\n1. c", "One of:\n- a thing with more\n- b\n1. c");
        check("# Title\ntext\nmore\n| a | b |\n|---|---|", "# Title\ntext more\n| a | b |\n|---|---|");
        check("first\\\nsecond\nthird", "first\\\nsecond third");
    }

    #[test]
    fn code_is_kept_as_it_is() {
        check("So:\n\n    a\n    b\n\ndone\nnow", "So:\n\n    a\n    b\n\ndone now");
        check("So:\n```hcl\na = {\n  b = 1\n\n}\n```\ndone\nnow", "So:\n```hcl\na = {\n  b = 1\n\n}\n```\ndone now");
    }
}
