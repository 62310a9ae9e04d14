//! The programs that are run, built wherever cargo is configured to put them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Builds a program of the workspace and says where it is. `args` tell cargo what to build.
pub(crate) fn build(package: &str, args: &[&str], name: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(cargo);
    command.args(["build", "--package", package]).args(args);
    command.args(["--message-format", "json-render-diagnostics"]).current_dir(root);
    let output = command.output().unwrap();
    assert!(output.status.success(), "building {name} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut messages = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = messages.find(|message| message["target"]["name"] == name && message["executable"].is_string());
    ours.and_then(|message| message["executable"].as_str().map(PathBuf::from)).unwrap()
}
