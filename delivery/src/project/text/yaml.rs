//! YAML, document by document, so that a broken one does not hide the others.

use serde::de::DeserializeOwned;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::node::Node;
use super::{Broken, lines};

/// The documents of a text that hold anything, each with the line it starts on, counted from 1.
///
/// A line that begins with `---` starts a document wherever it stands, even within a block scalar.
pub(super) fn documents(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut starts = vec![(1, 0)];
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index > 0 && (line.trim_end() == "---" || line.starts_with("--- ")) {
            starts.push((super::number(index), offset));
        }
        offset += line.len();
    }
    let ends: Vec<usize> = starts.iter().skip(1).map(|(_, start)| *start).chain([text.len()]).collect();
    let documents = starts.into_iter().zip(ends).map(|((line, start), end)| (line, &text[start..end]));
    documents.filter(|(_, document)| has_content(document))
}

fn has_content(document: &str) -> bool {
    let mut lines = document.lines().map(|line| line.trim_start_matches("---").trim());
    lines.any(|line| !line.is_empty() && !line.starts_with(['#', '%']) && line != "...")
}

/// Reads one document that starts on `line`. Of keys that stand twice the last counts, as for most readers.
pub(super) fn read<T: DeserializeOwned>(document: &str, line: u32) -> Result<T, Broken> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(document, options).map_err(|error| {
        let at = error.location().and_then(|location| u32::try_from(location.line()).ok());
        // Its message ends with the line within the document.
        let message = error.to_string().split(" at line ").next().unwrap_or_default().to_owned();
        Broken { line: at.map(|at| line + at.saturating_sub(1)), message }
    })
}

/// Reads one document that starts on `line` into a value. Keys of its outermost block have lines.
pub(super) fn parse(document: &str, line: u32) -> Result<Node, Broken> {
    let mut node: Node = read(document, line)?;
    node.line = Some(line);
    node.set_lines(|key| {
        let starts = |text: &str| text.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
        lines(document).find_map(|(at, text)| starts(text).then_some(line + at - 1))
    });
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_their_outermost_keys_know_their_lines() {
        let text = "# c\n---\nkind: A\n---\n\n--- # next\na: |\n  x\nkind: B\n...\n";
        let found: Vec<_> =
            documents(text).map(|(line, text)| parse(text, line).map_err(|e| e.message).unwrap()).collect();
        let kinds: Vec<_> =
            found.iter().filter_map(|node| Some((node.text_at(&["kind"])?, node.get("kind")?.line))).collect();
        assert_eq!(kinds, [("A", Some(3)), ("B", Some(9))]);
    }

    #[test]
    fn a_broken_document_names_its_line_in_the_file() {
        let (line, document) = documents("a: 1\n---\nb: [\n").nth(1).unwrap();
        let line = parse(document, line).err().and_then(|broken| broken.line).unwrap();
        assert!((3..=4).contains(&line), "{line}");
    }
}
