//! What documents say to type, and what is printed then.
//!
//! In a block marked as `console`, a line that begins with `$ ` is a command for the shell, and the lines below it are all that it
//! prints on standard output.

/// A command of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The line of the document, counted from 1.
    pub line: usize,
    /// The command.
    pub command: String,
    /// What it prints on standard output.
    pub stdout: String,
}

/// The commands of a document in Markdown, in their order.
pub fn commands(document: &str) -> Vec<Typed> {
    let mut typed: Vec<Typed> = Vec::new();
    let mut within = false;
    for (index, line) in document.lines().enumerate() {
        match (within, line) {
            (false, "```console") => within = true,
            (true, "```") => within = false,
            (true, _) => match (line.strip_prefix("$ "), typed.last_mut()) {
                (Some(command), _) => {
                    typed.push(Typed { line: index + 1, command: command.to_owned(), stdout: String::new() });
                }
                (None, Some(last)) => last.stdout.extend([line, "\n"]),
                (None, None) => panic!("line {}: an output without a command", index + 1),
            },
            (false, _) => {}
        }
    }
    typed
}
