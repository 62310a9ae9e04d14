//! Terraform's messages in a form that can be compared: unwrapped, sorted, without colours.

/// The messages of one severity (`Error` or `Warning`), each in full, separated by empty lines, in alphabetical order.
///
/// Terraform wraps at 78 columns where the length of a temporary folder decides, and reports in the order in which
/// things end.
pub(crate) fn diagnostics(severity: &str, text: &str) -> String {
    let mut messages: Vec<String> = split(text).iter().filter(|m| m.starts_with(severity)).map(|m| unwrap(m)).collect();
    messages.sort();
    messages.join("\n\n")
}

/// The messages of all severities. A message begins where a line does.
fn split(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in text.lines() {
        let begins = line.starts_with("Error: ") || line.starts_with("Warning: ");
        match messages.last_mut() {
            Some(message) if !begins => {
                message.push('\n');
                message.push_str(line.trim_end());
            }
            _ if begins => messages.push(line.trim_end().to_owned()),
            _ => {}
        }
    }
    messages.iter().map(|message| message.trim_end().to_owned()).collect()
}

/// Joins the lines of each paragraph that begin without a space, for terraform leaves the others as they are.
fn unwrap(message: &str) -> String {
    let mut unwrapped = String::new();
    let mut follows_text = false;
    for line in message.lines() {
        let text = !line.is_empty() && !line.starts_with(' ');
        if !unwrapped.is_empty() {
            unwrapped.push(if text && follows_text { ' ' } else { '\n' });
        }
        unwrapped.push_str(line);
        follows_text = text;
    }
    unwrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_unwrapped_sorted_and_told_apart() {
        let text = "\nError: Second\n\n  with a.b,\n  on main.tf line 1, in a \"b\":\n   1: x = 1\n\nA text that\nwas wrapped.\n\n\
                    Warning: Other\n\nIgnored.\n\nError: First\n\nShort.\n";
        insta::assert_snapshot!(diagnostics("Error", text), @r#"
        Error: First

        Short.

        Error: Second

          with a.b,
          on main.tf line 1, in a "b":
           1: x = 1

        A text that was wrapped.
        "#);
    }
}
