//! Validators from npm packages.

use std::process::Command;

use anyhow::Result;
use fs_err as fs;

use super::{Places, Toolset, remove_if_there};
use crate::process::capture;

pub(super) const TOOLSET: Toolset = Toolset {
    name: "node",
    probe: &["npm", "--version"],
    required: false,
    inputs: &[
        "acceptance-tests/setup/package.json",
        "acceptance-tests/setup/package-lock.json",
        "xtask/src/tools/node.rs",
    ],
    programs: &["node/node_modules/.bin/prettier"],
    install,
};

fn install(places: &Places) -> Result<()> {
    let folder = places.tools.join("node");
    remove_if_there(&folder)?;
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(places.setup().join(name), folder.join(name))?;
    }
    capture(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    Ok(())
}
