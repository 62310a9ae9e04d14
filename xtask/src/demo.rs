//! `cargo xtask demo`: the main jobs, from an empty machine: a pipeline that repairs itself, a rollout that undoes itself, and
//! the same without terraform.
//!
//! Copies the examples into a temporary folder and drives the real terraform there. Nothing is installed, no registry is asked,
//! and all that was started is stopped at the end.

mod pipeline;
mod program;
mod rollout;

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::{Command, expect_none, install, process, programs, workspace};

pub(crate) const COMMAND: Command =
    Command { name: "demo", options: "", about: "a pipeline and a rollout with terraform, and a program in Rust", run };

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let programs = programs::build(&[])?;
    let (load, quickstart) = (build("acceptance-tests", "load")?, build("quickstart", "quickstart")?);
    let folder = tempfile::tempdir()?;
    let mirror = folder.path().join("mirror");
    install::install(&programs, &mirror, &install::platform(env::consts::OS, env::consts::ARCH)?)?;
    let config = folder.path().join("terraform.rc");
    fs::write(&config, cli_config(&mirror))?;
    let stage = |example: &str| -> Result<Stage> {
        let project = folder.path().join(example);
        copy(&workspace::root().join("examples").join(example), &project)?;
        Ok(Stage { project, config: config.clone(), state: folder.path().join("state") })
    };
    pipeline::show(&stage("terraform/pipeline")?)?;
    rollout::show(&stage("terraform/rollout")?, &programs, &load)?;
    program::show(&stage("rust/quickstart")?, &quickstart)
}

/// Builds a program of a package and says where it is.
fn build(package: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--package", package, "--bin", name]);
    cargo.args(["--message-format", "json-render-diagnostics"]).current_dir(workspace::root());
    let messages = process::read(&mut cargo)?;
    programs::executable(&messages, name).with_context(|| format!("cargo built no program {name}"))
}

fn say(text: &str) {
    println!("\n==> {text}\n");
}

/// Where a story plays.
struct Stage {
    project: PathBuf,
    config: PathBuf,
    /// The state directory of the agent.
    state: PathBuf,
}

impl Stage {
    /// A program that finds what the story needs.
    fn command(&self, program: &Path) -> Process {
        let mut command = Process::new(program);
        command.current_dir(&self.project).stdin(Stdio::null());
        command.env("TF_CLI_CONFIG_FILE", &self.config).env("CHECKPOINT_DISABLE", "1");
        command.env("DEVOPSFLOW_STATE_DIR", &self.state).env_remove("DEVOPSFLOW_AGENT");
        command
    }

    fn terraform(&self, args: &[&str], expected: i32) -> Result<()> {
        let ran = self.run("terraform", "terraform".as_ref(), args, expected);
        ran.context("terraform 1.11 or newer is needed on PATH")
    }

    /// Runs a program, shown under this name, that ends with the expected code.
    fn run(&self, shown: &str, program: &Path, args: &[&str], expected: i32) -> Result<()> {
        let line = format!("{shown} {}", args.join(" "));
        say(&line);
        let status = self.command(program).args(args).status().with_context(|| format!("cannot run {shown}"))?;
        match status.code() {
            Some(code) if code == expected => Ok(()),
            _ => bail!("{line} ended with {status}, not with {expected}"),
        }
    }
}

/// Lets terraform take the provider from the folder, and everything else from nowhere.
fn cli_config(mirror: &Path) -> String {
    let mut text = String::new();
    let path = mirror.display();
    let _ = write!(text, "provider_installation {{\n  filesystem_mirror {{\n    path = \"{path}\"\n  }}\n}}\n");
    text
}

/// Copies a folder as it is checked in: without what terraform leaves in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let left_over = name.to_string_lossy().starts_with("terraform.tfstate");
        match entry.file_type()? {
            _ if left_over || name == ".terraform" || name == ".terraform.lock.hcl" => {}
            kind if kind.is_dir() => copy(&entry.path(), &to.join(&name))?,
            _ => drop(fs::copy(entry.path(), to.join(&name))?),
        }
    }
    Ok(())
}
