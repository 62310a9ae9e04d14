//! Programs compiled from Go modules: a linter, and the provider that is not ours.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Places, Toolset};
use crate::process::capture;

pub(super) const TOOLSET: Toolset = Toolset {
    name: "go",
    probe: &["go", "version"],
    required: false,
    inputs: &[
        "acceptance-tests/peer",
        "acceptance-tests/setup/go.mod",
        "acceptance-tests/setup/go.sum",
        "xtask/src/tools/go.rs",
    ],
    programs: &["bin/actionlint", "bin/terraform-provider-peer"],
    install,
};

fn install(places: &Places) -> Result<()> {
    let bin = places.tools.join("bin");
    build(&places.setup(), "github.com/rhysd/actionlint/cmd/actionlint", &bin.join("actionlint"))?;
    build(&places.root.join("acceptance-tests/peer"), ".", &bin.join("terraform-provider-peer"))
}

/// Builds a package that the module in `folder` pins.
fn build(folder: &Path, package: &str, program: &Path) -> Result<()> {
    let options = ["build", "-trimpath", "-buildvcs=false", "-o"];
    capture(Command::new("go").args(options).arg(program).arg(package).current_dir(folder))?;
    Ok(())
}
