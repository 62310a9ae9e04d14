//! `cargo xtask demo`: the main job, from an empty machine to a pipeline that repairs itself.
//!
//! Copies `examples/terraform/pipeline` into a temporary folder and drives the real terraform there. Nothing is
//! installed and no registry is asked.

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;

use crate::{Command, expect_none, install, provider, workspace};

pub(crate) const COMMAND: Command =
    Command { name: "demo", options: "", about: "write, check and repair a pipeline with terraform", run };

const FILE: &str = ".github/workflows/ci.yml";

fn run(args: &[String]) -> Result<()> {
    expect_none(args)?;
    let program = provider::build(&[])?;
    let folder = tempfile::tempdir()?;
    let mirror = folder.path().join("mirror");
    install::install(&program, &mirror, &install::platform(env::consts::OS, env::consts::ARCH)?)?;
    let config = folder.path().join("terraform.rc");
    fs::write(&config, cli_config(&mirror))?;
    let project = folder.path().join("shop");
    copy(&workspace::root().join("examples/terraform/pipeline"), &project)?;

    let shop = Shop { project: &project, config: &config };
    say("A Python service, and a main.tf that asks for its pipeline:");
    println!("{}", fs::read_to_string(project.join("main.tf"))?);
    shop.terraform(&["init"], 0)?;
    shop.terraform(&["plan", "-out=plan.tfplan"], 0)?;
    shop.terraform(&["apply", "plan.tfplan"], 0)?;

    say(&format!("The pipeline is in the repository. {FILE}:"));
    let file = project.join(FILE);
    let written = fs::read_to_string(&file)?;
    println!("{written}");

    say("Somebody edits it by hand. The plan finds the edit (exit code 2) and shows it:");
    fs::write(&file, written.replace("contents: read", "contents: write"))?;
    shop.terraform(&["plan", "-detailed-exitcode"], 2)?;
    say("The next apply repairs it:");
    shop.terraform(&["apply", "-auto-approve"], 0)?;
    ensure!(fs::read_to_string(&file)? == written, "{FILE} was not repaired");
    shop.terraform(&["plan", "-detailed-exitcode"], 0)?;
    say("Repaired: the file is again what the plan says, and the plan is empty.");
    Ok(())
}

fn say(text: &str) {
    println!("\n==> {text}\n");
}

/// Where the demonstration plays.
struct Shop<'a> {
    project: &'a Path,
    config: &'a Path,
}

impl Shop<'_> {
    fn terraform(&self, args: &[&str], expected: i32) -> Result<()> {
        say(&format!("terraform {}", args.join(" ")));
        let mut terraform = Process::new("terraform");
        terraform.args(args).current_dir(self.project).stdin(Stdio::null());
        terraform.env("TF_CLI_CONFIG_FILE", self.config).env("CHECKPOINT_DISABLE", "1");
        let status = terraform.status().context("cannot run terraform: install it and put it on PATH")?;
        match status.code() {
            Some(code) if code == expected => Ok(()),
            _ => bail!("terraform {} ended with {status}, not with {expected}", args.join(" ")),
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
