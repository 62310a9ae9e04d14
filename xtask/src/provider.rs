//! The built provider.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// The package, and the name of its program.
pub(crate) const PACKAGE: &str = "terraform-provider-devopsflow";

/// Builds the provider with cargo's `options` and gives the path of the program, wherever cargo puts it.
pub(crate) fn build(options: &[&str]) -> Result<PathBuf> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--package", PACKAGE, "--message-format", "json-render-diagnostics"]).args(options);
    cargo.current_dir(workspace::root());
    let messages = process::read(&mut cargo)?;
    executable(&messages).with_context(|| format!("cargo built no program of the package {PACKAGE}"))
}

/// The program that cargo's JSON messages speak of.
fn executable(messages: &str) -> Option<PathBuf> {
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs = parsed.filter(|message| message["target"]["name"] == PACKAGE);
    programs.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_read_from_what_cargo_says() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"provider"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"terraform-provider-devopsflow"},"executable":"/t/release/p"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/release/p")));
        assert_eq!(executable("{}\nnot json"), None);
    }
}
