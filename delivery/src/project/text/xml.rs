//! As much XML as project files need: elements with their path, attributes, text and line. Never fails; what makes no sense is passed over.

use super::Lines;

/// An element of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::project) struct Element {
    /// The names of the elements around it and its own, with `/` between them, without namespace prefixes.
    pub(in crate::project) path: String,
    /// The line of its start, counted from 1.
    pub(in crate::project) line: u32,
    /// The text directly after its start tag, trimmed.
    pub(in crate::project) text: String,
    attributes: String,
}

impl Element {
    /// Its own name.
    pub(in crate::project) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }

    /// The value of an attribute.
    pub(in crate::project) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.match_indices(name).find_map(|(at, _)| {
            let before = self.attributes[..at].chars().next_back();
            let rest = self.attributes[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
            let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let value = rest[1..].split(quote).next()?;
            before.is_none_or(char::is_whitespace).then_some(value)
        })
    }
}

/// How deep elements may be nested; deeper ones are passed over.
const MAX_DEPTH: usize = 32;

/// How long the name of an element may be, in bytes; others are passed over.
const MAX_NAME: usize = 128;

/// The elements of a document, in order.
pub(in crate::project) fn elements(text: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let lines = Lines::new(text);
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let rest = &text[start..];
        let Some(length) = markup_length(rest) else { break };
        at = start + length;
        let tag = rest[1..length - 1].trim();
        if let Some(name) = tag.strip_prefix('/') {
            // Closes the nearest element of that name, so that one forgotten end tag does not shift all that follows.
            if let Some(depth) = open.iter().rposition(|open| *open == local(name.trim())) {
                open.truncate(depth);
            }
            continue;
        }
        let inner = tag.trim_end_matches('/');
        let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        if !tag.starts_with(['!', '?']) && open.len() < MAX_DEPTH && name.len() <= MAX_NAME {
            open.push(local(name));
            let content = text[at..].split('<').next().unwrap_or_default().trim().to_owned();
            found.push(Element {
                path: open.join("/"),
                line: lines.of(start),
                text: content,
                attributes: attributes.to_owned(),
            });
            if tag.ends_with('/') {
                open.pop();
            }
        }
    }
    found
}

/// The length of the tag, comment or section that a text starts with; none when it does not end.
fn markup_length(text: &str) -> Option<usize> {
    let known = [("<!--", "-->"), ("<![CDATA[", "]]>")].into_iter().find(|(start, _)| text.starts_with(start));
    let end = known.map_or(">", |(_, end)| end);
    text.find(end).map(|at| at + end.len())
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
