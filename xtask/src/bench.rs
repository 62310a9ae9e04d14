//! `cargo xtask bench`: measures a provider built for release beside its peers.

use anyhow::Result;

use crate::{Command, expect_none, process, provider, workspace};

pub(crate) const COMMAND: Command =
    Command { name: "bench", options: "", about: "measure beside the peers, into target/bench.json", run };

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let program = provider::build(&["--release"])?;
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "acceptance-tests", "--bin", "bench"]);
    cargo.current_dir(workspace::root()).env("DEVOPSFLOW_PROVIDER", program);
    print!("{}", process::read(&mut cargo)?);
    Ok(())
}
