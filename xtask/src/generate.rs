//! `cargo xtask generate`: writes what is generated and committed, with the program in `xtask/generate`.

use anyhow::{Result, ensure};

use crate::{Command, process, workspace};

pub(crate) const COMMAND: Command = Command {
    name: "generate",
    options: "[--check]",
    about: "write protocol code and documentation, or check that they are current",
    run,
};

fn run(args: &[String]) -> Result<()> {
    ensure!(matches!(args, [] | [_]), "only --check is known");
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--package", "generate", "--"]).args(args).current_dir(workspace::root());
    process::read(&mut cargo).map(drop)
}
