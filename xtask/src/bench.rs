//! `cargo xtask bench`: measures provider, agent and SDK built for release beside their peers.

use std::path::{Path, PathBuf};
use std::process::Command as Program;

use anyhow::{Context, Result};
use fs_err as fs;

use crate::{Command, process, programs, workspace};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    options: "[PART ...]",
    about: "measure provider, agent, sdk or all of them beside their peers, into target/bench.json",
    run,
};

/// Where Debian's package has it.
const NGINX: &str = "usr/sbin/nginx";

fn run(args: &[String]) -> Result<()> {
    let chosen = |part: &str| args.is_empty() || args.iter().any(|arg| arg == part);
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "acceptance-tests", "--bin", "bench", "--"]).args(args);
    cargo.current_dir(workspace::root());
    if chosen("provider") || chosen("agent") {
        let programs = programs::build(&["--release"])?;
        cargo.env("DEVOPSFLOW_PROVIDER", programs.provider).env("DEVOPSFLOW_AGENT", programs.agent);
    }
    if chosen("agent") {
        match nginx(&workspace::root().join(".tools")) {
            Ok(nginx) => drop(cargo.env("NGINX", nginx)),
            Err(error) => eprintln!("bench: SKIPPED what is compared with nginx, which cannot be had: {error:#}"),
        }
    }
    print!("{}", process::read(&mut cargo)?);
    Ok(())
}

/// nginx as it is installed, or else out of Debian's package, unpacked below `tools`.
fn nginx(tools: &Path) -> Result<PathBuf> {
    let folder = tools.join("nginx");
    let found = [Path::new("/").join(NGINX), folder.join(NGINX)].into_iter().find(|program| program.is_file());
    if let Some(program) = found {
        return Ok(program);
    }
    // The program is in the package that nginx-light depends on.
    let download = tempfile::tempdir()?;
    process::capture(Program::new("apt-get").args(["download", "nginx"]).current_dir(&download))?;
    let package = fs::read_dir(download.path())?.next().context("apt-get downloaded nothing")??.path();
    process::capture(Program::new("dpkg-deb").arg("--extract").arg(package).arg(&folder))?;
    let program = folder.join(NGINX);
    // It may lack a library.
    process::capture(Program::new(&program).arg("-v"))?;
    Ok(program)
}
