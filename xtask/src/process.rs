//! Running other programs.

use std::env;
use std::ffi::OsString;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The cargo that runs this, or the one on `PATH`.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Runs a program to its end without showing what it prints, and gives its stdout.
///
/// # Errors
/// When it cannot be started or fails; the error then carries everything it printed.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = finish(command, Stdio::piped())?;
    if !output.status.success() {
        let both = [&output.stdout, &output.stderr].map(|bytes| text(bytes).trim_end().to_owned());
        let printed = both.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
        bail!("`{}` failed with {}\n{printed}", show(command), output.status);
    }
    Ok(text(&output.stdout))
}

/// Runs a program to its end, passes on its stderr as it comes, and gives its stdout.
///
/// # Errors
/// When it cannot be started or fails; why it failed is what it wrote to stderr.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = finish(command, Stdio::inherit())?;
    if !output.status.success() {
        bail!("`{}` failed with {}", show(command), output.status);
    }
    Ok(text(&output.stdout))
}

fn finish(command: &mut Command, stderr: Stdio) -> Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    command.spawn().and_then(Child::wait_with_output).with_context(|| format!("cannot run `{}`", show(command)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The command line as a person would type it, for messages.
fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_command_line_and_both_streams() {
        let mut command = Command::new("sh");
        let error = capture(command.args(["-c", "echo out; echo err >&2; exit 3"])).unwrap_err().to_string();
        assert_eq!(error, "`sh -c echo out; echo err >&2; exit 3` failed with exit status: 3\nout\nerr");
    }

    #[test]
    fn a_failure_of_what_is_read_leaves_out_its_data() {
        let mut command = Command::new("sh");
        let error = read(command.args(["-c", "echo data; exit 3"])).unwrap_err().to_string();
        assert_eq!(error, "`sh -c echo data; exit 3` failed with exit status: 3");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(&mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert_eq!(error, "cannot run `no-such-program-here`");
    }
}
