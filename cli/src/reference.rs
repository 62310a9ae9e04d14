//! The reference of the commands, `docs/cli/commands.md`, made from what `--help` says, and the rules that hold for every command.
//!
//! `DEVOPSFLOW_WRITE_DOCS=1 cargo test -p devops-flow reference` writes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _};

use crate::commands::Cli;

/// Every command that does something, by its whole name.
fn commands() -> Vec<(String, Command)> {
    fn leaves(name: &str, command: &Command, into: &mut Vec<(String, Command)>) {
        if !command.has_subcommands() {
            into.push((name.to_owned(), command.clone()));
        }
        for sub in command.get_subcommands() {
            leaves(&format!("{name} {}", sub.get_name()), sub, into);
        }
    }
    let mut root = Cli::command();
    root.build();
    let mut all = Vec::new();
    leaves("devops-flow", &root, &mut all);
    all
}

fn help(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}

fn about(command: &Command) -> String {
    help(command.get_long_about().or_else(|| command.get_about()))
}

fn is_global(arg: &Arg) -> bool {
    arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version")
}

fn argument(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default().join(" ");
    let takes = arg.get_action().takes_values();
    let mut name = match (arg.get_short(), arg.get_long()) {
        (_, None) if arg.is_required_set() => format!("<{values}>"),
        (_, None) => format!("[{values}]"),
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
    };
    if arg.get_long().is_some() && takes {
        let _ = write!(name, " <{values}>");
    }
    let mut text = help(arg.get_long_help().or_else(|| arg.get_help())).replace("\n\n", ". ");
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes && !choices.is_empty() {
        let _ = write!(text, ": {}", choices.join(", "));
    }
    if let [default] = arg.get_default_values()
        && takes
    {
        let _ = write!(text, " (default `{}`)", default.to_string_lossy());
    }
    format!("- `{name}`: {text}\n")
}

fn reference() -> String {
    let mut text = "# Commands\n\nMade from `devops-flow --help`; see [the command line](README.md) for what all commands share.\n".to_owned();
    for (name, command) in commands() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let _ = write!(text, "\n## `{name}`\n\n```\n{usage}\n```\n\n{}\n", about(&command));
        let arguments: String = command.get_arguments().filter(|arg| !is_global(arg)).map(argument).collect();
        if !arguments.is_empty() {
            let _ = write!(text, "\n{arguments}");
        }
    }
    text.push_str("\n## Options of every command\n\n");
    text.extend(Cli::command().get_arguments().filter(|arg| arg.is_global_set()).map(argument));
    text
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli")
}

#[test]
fn the_reference_is_what_help_says() {
    let path = docs().join("commands.md");
    if std::env::var_os("DEVOPSFLOW_WRITE_DOCS").is_some() {
        fs_err::write(&path, reference()).unwrap();
    }
    let written = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference(),
        "docs/cli/commands.md is stale: DEVOPSFLOW_WRITE_DOCS=1 cargo test -p devops-flow reference"
    );
}

#[test]
fn every_command_is_described_and_takes_the_common_options() {
    let commands = commands();
    assert!(commands.len() >= 17, "{}", commands.len());
    for (name, command) in commands {
        assert!(about(&command).contains("JSON: "), "{name} does not say what its JSON is");
        assert!(command.get_about().is_some_and(|about| about.to_string().len() <= 80), "{name}: first line too long");
        for option in ["json", "output", "state_dir"] {
            let known = command.get_arguments().any(|arg| arg.get_id() == option);
            assert!(known, "{name} does not take {option}");
        }
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{name}: {} has no help", arg.get_id());
        }
    }
}

#[test]
fn clap_finds_no_mistake_in_the_commands() {
    Cli::command().debug_assert();
}

/// The documentation shows what agents say: its examples are the samples of the tests.
#[test]
fn the_examples_of_json_are_true() {
    let text = fs_err::read_to_string(docs().join("json.md")).unwrap_or_default();
    let json = |value: serde_json::Result<String>| format!("```json\n{}\n```\n", value.unwrap());
    let events: Vec<String> =
        crate::samples::events().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let examples = [
        json(serde_json::to_string_pretty(&crate::samples::paused())),
        json(serde_json::to_string_pretty(&crate::samples::history()[0])),
        json(serde_json::to_string_pretty(&crate::samples::agent())),
        json(Ok(events.join("\n"))),
    ];
    if std::env::var_os("DEVOPSFLOW_WRITE_DOCS").is_some() {
        let mut parts = text.split("```json\n");
        let mut written = parts.next().unwrap_or_default().to_owned();
        for (example, part) in examples.iter().zip(parts) {
            written += example;
            written += part.split_once("```\n").map_or("", |(_, rest)| rest);
        }
        fs_err::write(docs().join("json.md"), written).unwrap();
        return;
    }
    for example in examples {
        assert!(text.contains(&example), "docs/cli/json.md lacks this example:\n{example}");
    }
}
