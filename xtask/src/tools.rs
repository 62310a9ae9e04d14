//! `cargo xtask tools`: installs the validators that the tests run into `.tools/`, which git ignores.
//!
//! | place | what |
//! |---|---|
//! | `.tools/venv/bin/` | check-jsonschema, shellcheck, yamllint, zizmor |
//! | `.tools/node/node_modules/.bin/` | prettier |
//! | `.tools/bin/` | actionlint, terraform-next (a newer Terraform than the one on `PATH`), terraform-provider-peer |
//!
//! Versions are pinned by the files in `acceptance-tests/setup/`. A toolset is installed again when its pins, its
//! runtime or its recipe change, or when a program of it is gone. A toolset whose runtime is missing is skipped and
//! said so; with `DEVOPSFLOW_REQUIRE_ALL=1` that is an error.

mod go;
mod node;
mod python;
mod stamp;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;

use crate::{Command, expect_none, process, workspace};

pub(crate) const COMMAND: Command =
    Command { name: "tools", options: "", about: "install the pinned validators into .tools/", run };

/// What one runtime installs.
struct Toolset {
    name: &'static str,
    /// A command line that works exactly when the runtime is there. What it prints is its version.
    probe: &'static [&'static str],
    /// Whether the tests cannot do without it.
    required: bool,
    /// The files and folders, relative to the workspace, that decide what is installed and how.
    inputs: &'static [&'static str],
    /// The programs it installs, relative to `.tools/`.
    programs: &'static [&'static str],
    install: fn(&Places) -> Result<()>,
}

const TOOLSETS: &[Toolset] = &[python::TOOLSET, node::TOOLSET, go::TOOLSET];

/// The folders a toolset works in.
struct Places {
    /// The workspace.
    root: PathBuf,
    /// Where everything is installed.
    tools: PathBuf,
}

impl Places {
    fn below(root: PathBuf) -> Self {
        let tools = root.join(".tools");
        Self { root, tools }
    }

    /// The folder with the pins.
    fn setup(&self) -> PathBuf {
        self.root.join("acceptance-tests/setup")
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    UpToDate,
    Installed(Duration),
    /// The runtime is missing.
    Skipped,
}

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let outcomes = install_all(TOOLSETS, &Places::below(workspace::root()))?;
    for (toolset, outcome) in TOOLSETS.iter().zip(&outcomes) {
        eprintln!("tools: {}", describe(toolset, outcome));
    }
    let require_all = env::var_os("DEVOPSFLOW_REQUIRE_ALL").is_some_and(|value| value == "1");
    judge(TOOLSETS, &outcomes, require_all)
}

/// Brings every toolset up to date, all at once. Concurrent calls wait for each other.
fn install_all(toolsets: &[Toolset], places: &Places) -> Result<Vec<Outcome>> {
    fs::create_dir_all(places.tools.join("bin"))?;
    let lock = fs::File::create(places.tools.join("lock"))?;
    lock.lock().context("cannot lock .tools/lock")?;
    thread::scope(|scope| {
        let running: Vec<_> = toolsets.iter().map(|toolset| scope.spawn(|| ensure(toolset, places))).collect();
        let join = |handle: thread::ScopedJoinHandle<'_, Result<Outcome>>| {
            handle.join().unwrap_or_else(|_| Err(anyhow!("the installation panicked")))
        };
        let outcomes: Vec<_> = running.into_iter().map(join).collect();
        outcomes.into_iter().collect()
    })
}

fn ensure(toolset: &Toolset, places: &Places) -> Result<Outcome> {
    let Some(version) = probe(toolset.probe) else { return Ok(Outcome::Skipped) };
    let stamp = places.tools.join(format!("{}.stamp", toolset.name));
    let wanted = stamp::fingerprint(&version, &places.root, toolset.inputs)?;
    let missing = || toolset.programs.iter().find(|program| !places.tools.join(program).exists());
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && missing().is_none() {
        return Ok(Outcome::UpToDate);
    }
    eprintln!("tools: installing {} ({})", toolset.name, names(toolset));
    let start = Instant::now();
    remove_if_there(&stamp)?;
    (toolset.install)(places).with_context(|| format!("cannot install the {} tools", toolset.name))?;
    if let Some(program) = missing() {
        bail!("installing the {} tools brought no `{program}`", toolset.name);
    }
    fs::write(&stamp, wanted)?;
    Ok(Outcome::Installed(start.elapsed()))
}

fn probe(command: &[&str]) -> Option<String> {
    let (program, args) = command.split_first()?;
    process::capture(Program::new(program).args(args)).ok()
}

fn describe(toolset: &Toolset, outcome: &Outcome) -> String {
    let name = toolset.name;
    match outcome {
        Outcome::UpToDate => format!("{name} up to date"),
        Outcome::Installed(took) => format!("{name} installed in {:.1} s", took.as_secs_f64()),
        Outcome::Skipped => {
            format!("{name} SKIPPED, `{}` does not run: no {}", toolset.probe.join(" "), names(toolset))
        }
    }
}

/// An error when something was skipped that may not be.
fn judge(toolsets: &[Toolset], outcomes: &[Outcome], require_all: bool) -> Result<()> {
    let skipped = toolsets.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Skipped);
    let fatal: Vec<&str> = skipped.filter(|(set, _)| require_all || set.required).map(|(set, _)| set.name).collect();
    if fatal.is_empty() {
        return Ok(());
    }
    let why = if require_all { "DEVOPSFLOW_REQUIRE_ALL=1 asks for every tool" } else { "the tests need them" };
    bail!("the tools of {} are missing and {why}: install the runtimes named above", fatal.join(", "))
}

/// The names of its programs, without folders.
fn names(toolset: &Toolset) -> String {
    let name = |program: &&'static str| program.rsplit('/').next().unwrap_or(program).to_owned();
    toolset.programs.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(fs::remove_dir_all(path)?),
        Ok(_) => Ok(fs::remove_file(path)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
