//! `cargo xtask COMMAND`: what the Makefile calls.
//!
//! One file per command, each with a `COMMAND` that [`COMMANDS`] lists. Data goes to stdout, progress to stderr.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this binary owns its streams")]

mod bench;
mod demo;
mod generate;
mod install;
mod process;
mod programs;
mod tidy;
mod tools;
mod workspace;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

/// A subcommand.
struct Command {
    name: &'static str,
    /// Its options as the usage line shows them; empty when it takes none.
    options: &'static str,
    /// What it does, in one line.
    about: &'static str,
    /// Gets the arguments after the name.
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] =
    &[bench::COMMAND, demo::COMMAND, generate::COMMAND, install::COMMAND, tidy::COMMAND, tools::COMMAND];

fn main() -> ExitCode {
    let args: Vec<String> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else { bail!("no command given\n{}", usage()) };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", usage());
        return Ok(());
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None => bail!("unknown command `{name}`\n{}", usage()),
    }
}

fn usage() -> String {
    let line = |command: &Command| {
        let call = format!("{} {}", command.name, command.options);
        format!("  {:<20} {}\n", call.trim_end(), command.about)
    };
    let lines: String = COMMANDS.iter().map(line).collect();
    format!("usage: cargo xtask COMMAND\n{lines}")
}

/// For commands that take no arguments.
fn expect_none(args: &[String]) -> Result<()> {
    match args {
        [] => Ok(()),
        [first, ..] => bail!("unexpected argument `{first}`: this command takes none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sorted_unique_and_described() {
        assert!(COMMANDS.is_sorted_by(|a, b| a.name < b.name));
        assert!(COMMANDS.iter().all(|command| !command.about.is_empty()));
    }

    #[test]
    fn a_wrong_command_is_answered_with_the_usage() {
        for args in [&[][..], &["tool".to_owned()]] {
            let error = dispatch(args).unwrap_err().to_string();
            assert!(error.contains("usage: cargo xtask COMMAND\n  bench"), "{error}");
        }
    }

    #[test]
    fn stray_arguments_are_refused_before_anything_runs() {
        let error = dispatch(&["tools".into(), "--fast".into()]).unwrap_err().to_string();
        assert_eq!(error, "unexpected argument `--fast`: this command takes none");
    }
}
