//! A folder with everything a terraform run touches, and the environment that keeps it there.

use std::cell::Cell;
use std::env;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use tempfile::TempDir;

use crate::{Plugin, Terraform, programs};

/// The version under which every provider is installed.
const VERSION: &str = "0.0.1";

/// How many characters of an output are shown when a test fails.
const SHOWN: usize = 4000;

/// A folder of its own for one case: configuration, home, temporary files and installed providers.
#[derive(Debug)]
pub struct Sandbox {
    root: Option<TempDir>,
    terraform: Terraform,
    agent_program: PathBuf,
    environment: Vec<(&'static str, String)>,
    commands: Cell<u32>,
}

impl Sandbox {
    pub(crate) fn new(terraform: Terraform, plugins: &[Plugin]) -> Self {
        let root = tempfile::Builder::new().prefix("devopsflow-").tempdir().expect("a temporary folder");
        let sandbox = Self {
            root: Some(root),
            terraform,
            agent_program: programs::agent(),
            environment: Vec::new(),
            commands: Cell::new(0),
        };
        for folder in ["home", "tmp", "work", "logs"] {
            fs::create_dir(sandbox.root().join(folder)).expect("an empty folder");
        }
        let mirror = sandbox.root().join("mirror");
        let cli = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        );
        fs::write(sandbox.root().join("terraform.rc"), cli).expect("a writable folder");
        for plugin in plugins {
            install(plugin, &mirror);
        }
        fs::write(sandbox.work().join("versions.tf"), requirements(plugins)).expect("a writable folder");
        sandbox
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.as_ref().expect("the folder is there until the sandbox is dropped").path()
    }

    /// The folder of the configuration, in which terraform runs.
    pub fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// A folder beside it for what the harness keeps: outputs, plans, logs.
    pub fn logs(&self) -> PathBuf {
        self.root().join("logs")
    }

    /// Where programs in the sandbox put their temporary files and sockets.
    pub fn tmp(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// The mark of the processes of a command, or of all.
    pub(crate) fn mark(&self, command: Option<u32>) -> String {
        let number = command.map(|number| number.to_string()).unwrap_or_default();
        format!("{}#{number}", self.root().display())
    }

    /// Sets a variable for every command from now on.
    pub fn set_env(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.push((name, value.into()));
    }

    pub(crate) fn next_number(&self) -> u32 {
        self.commands.set(self.commands.get() + 1);
        self.commands.get()
    }

    /// A command that knows nothing of the world outside.
    pub fn command(&self, program: &Path) -> Command {
        let root = self.root();
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.work());
        command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("HOME", root.join("home")).env("TMPDIR", root.join("tmp"));
        command.env("TF_CLI_CONFIG_FILE", root.join("terraform.rc"));
        command.env("DEVOPSFLOW_STATE_DIR", self.state_dir()).env("DEVOPSFLOW_AGENT", &self.agent_program);
        command.env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0").env("CHECKPOINT_DISABLE", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The terraform that this sandbox is for.
    pub fn terraform(&self) -> &Terraform {
        &self.terraform
    }

    /// A file of the working folder, with its parent folders. `text` may hold anything.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a free path");
        fs::write(path, text).expect("a writable file");
    }

    /// The text of a file of the working folder.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.work().join(path)).expect("a readable file")
    }

    /// Whether something is at this path of the working folder.
    pub fn exists(&self, path: &str) -> bool {
        self.work().join(path).symlink_metadata().is_ok()
    }

    /// The names in a folder of the working folder, in order; none when it does not exist.
    pub fn list(&self, path: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.work().join(path)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The files of the sandbox that hold `text` as it is or in base64, by path relative to its root.
    ///
    /// Programs are left out, for they are not output.
    pub fn files_with(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        search(self.root(), &spellings(text), &mut found);
        let relative = found.iter().filter_map(|path| path.strip_prefix(self.root()).ok());
        let mut relative: Vec<_> = relative.map(|path| path.display().to_string()).collect();
        relative.sort();
        relative
    }

    /// Texts without the places that differ from run to run.
    pub(crate) fn without_places(&self, text: &str) -> String {
        text.replace(&self.work().display().to_string(), "<work>").replace(&self.root().display().to_string(), "<root>")
    }

    /// What every command printed, shortened, in the order of their starts.
    fn transcript(&self) -> String {
        let mut text = String::new();
        let Ok(entries) = fs::read_dir(self.logs()) else { return text };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.push(self.state_dir().join("agent.log"));
        for path in paths {
            let Ok(content) = fs::read_to_string(&path) else { continue };
            let shown: String = content.trim().chars().take(SHOWN).collect();
            if !shown.is_empty() {
                let name = path.file_name().unwrap_or_default().display();
                let _ = writeln!(text, "--- {name}\n{shown}");
            }
        }
        text
    }
}

impl Drop for Sandbox {
    /// Leaves no agent behind, and says what happened when a test fails, whatever failed in it.
    #[expect(clippy::print_stderr, reason = "the test harness owns the stream")]
    fn drop(&mut self) {
        self.kill_all();
        if !std::thread::panicking() {
            return;
        }
        eprintln!("{}", self.transcript());
        if env::var_os("DEVOPSFLOW_KEEP").is_some_and(|value| value == "1")
            && let Some(root) = self.root.take()
        {
            eprintln!("kept {}", root.keep().display());
        }
    }
}

/// A text, and what it is in base64 wherever in the encoded data it begins.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let encoded = (0..3).map(|shift| {
        let padded = [vec![0; shift], text.as_bytes().to_vec()].concat();
        // Only the characters that depend on the text alone.
        let whole = (shift * 8).div_ceil(6)..padded.len() * 8 / 6;
        STANDARD.encode(&padded).as_bytes()[whole].to_vec()
    });
    encoded.chain([text.as_bytes().to_vec()]).collect()
}

fn search(folder: &Path, spellings: &[Vec<u8>], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let kind = entry.file_type().expect("a type");
        if kind.is_dir() {
            search(&entry.path(), spellings, found);
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).expect("a readable file");
            let contains = |text: &Vec<u8>| bytes.windows(text.len()).any(|window| window == text);
            if spellings.iter().any(contains) {
                found.push(entry.path());
            }
        }
    }
}

/// Puts a provider where `terraform init` looks. A link will do: terraform follows it.
fn install(plugin: &Plugin, mirror: &Path) {
    let (name, source) = (plugin.name(), plugin.source);
    let folder = mirror.join("registry.terraform.io").join(source).join(VERSION).join(platform());
    fs::create_dir_all(&folder).expect("a free path");
    let place = folder.join(format!("terraform-provider-{name}_v{VERSION}"));
    std::os::unix::fs::symlink(&plugin.program, place).expect("a free path");
}

fn requirements(plugins: &[Plugin]) -> String {
    let lines = plugins.iter().map(|plugin| format!("    {} = {{ source = {:?} }}\n", plugin.name(), plugin.source));
    let lines = lines.collect::<Vec<_>>().concat();
    format!("terraform {{\n  required_providers {{\n{lines}  }}\n}}\n")
}

/// The platform in Go's words.
fn platform() -> String {
    let arch = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}_{arch}", env::consts::OS)
}
