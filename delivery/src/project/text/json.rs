//! JSON with the line of every key, and what turns JSON with comments and trailing commas into it.

use super::Broken;
use super::node::Node;

/// Reads a document.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    let mut node: Node = serde_json::from_str(text).map_err(|error| {
        // Its message ends with the line, which the note gives itself.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Broken { line: u32::try_from(error.line()).ok(), message }
    })?;
    node.assign_lines(&mut key_lines(text).into_iter());
    Ok(node)
}

/// The text with comments and trailing commas replaced by spaces, so that every line stays where it is.
pub(super) fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                at = string_end(&bytes, at);
                comma = None;
                continue;
            }
            (b'/', Some(b'/' | b'*')) => {
                at = blank_comment(&mut bytes, at);
                continue;
            }
            (b',', _) => comma = Some(at),
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            (byte, _) if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Replaces the comment that starts at `at`, and gives the offset after it.
fn blank_comment(bytes: &mut [u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let length = if rest[1] == b'/' {
        rest.iter().position(|byte| *byte == b'\n')
    } else {
        rest[2..].windows(2).position(|pair| pair == b"*/").map(|end| end + 4)
    };
    let end = at + length.unwrap_or(rest.len());
    for byte in &mut bytes[at..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    end
}

/// The offset after the string that starts at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The lines of the keys of a valid document, in its order. There, a string before a colon is always a key.
fn key_lines(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let (mut lines, mut line, mut at) = (Vec::new(), 1, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                let next = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace());
                if next == Some(&b':') {
                    lines.push(line);
                }
                continue;
            }
            b'\n' => line += 1,
            _ => {}
        }
        at += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lists every scalar with its path and line.
    fn scalars(node: &Node, path: &str, out: &mut Vec<String>) {
        if let Some(text) = node.text() {
            out.push(format!("{path}={text}@{}", node.line.unwrap_or_default()));
        }
        node.items().iter().for_each(|item| scalars(item, &format!("{path}[]"), out));
        node.entries().for_each(|(key, node)| scalars(node, &format!("{path}.{key}"), out));
    }

    #[test]
    fn keys_have_lines_among_comments_and_trailing_commas() {
        let text =
            "{ // a\n  \"a\": 1, /* \"x\":\n */ \"b\": {\n\"c\\\":\": \"//no\", },\n \"d\": [ {\"e\": true,},],\n}";
        let mut found = Vec::new();
        scalars(&parse(&plain(text)).map_err(|broken| broken.message).unwrap(), "", &mut found);
        assert_eq!(found, [".a=1@2", ".b.c\":=//no@4", ".d[].e=true@5"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in r#"[{}\[\]",:/*\\a1é \n]{0,60}"#) {
            let _ = parse(&text);
            let _ = parse(&plain(&text));
        }

        #[test]
        fn plain_json_stays_as_it_is(keys in prop::collection::vec("[a-z/*,\"\\\\]{0,6}", 0..6)) {
            let map: std::collections::BTreeMap<_, _> = keys.iter().map(|key| (key, vec![key])).collect();
            let text = serde_json::to_string(&map).unwrap();
            prop_assert_eq!(plain(&text), text);
        }
    }
}
