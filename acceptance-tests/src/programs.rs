//! The programs that are driven: where they are found, and how ours is built.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const OURS: &str = "terraform-provider-devopsflow";
const AGENT: &str = "devops-flow-agent";
const COMMAND: &str = "devops-flow";
const SERVICE: &str = "fake_service";
const PROGRAM: &str = "program";
const WRONG: &str = "wrong_provider";

/// A terraform program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terraform {
    pub(crate) program: PathBuf,
    version: (u32, u32),
}

impl Terraform {
    /// The terraform that every test drives.
    pub fn current() -> Self {
        static FOUND: OnceLock<Terraform> = OnceLock::new();
        FOUND.get_or_init(|| Self::at(env::var_os("DEVOPSFLOW_TERRAFORM").map_or_else(on_path, PathBuf::from))).clone()
    }

    /// A newer terraform than most users have, where `cargo xtask tools` could install it.
    pub fn next() -> Option<Self> {
        static FOUND: OnceLock<Option<Terraform>> = OnceLock::new();
        FOUND.get_or_init(|| tool("terraform-next").map(Self::at)).clone()
    }

    /// The program file.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn at(program: PathBuf) -> Self {
        let output = Command::new(&program).args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1").output();
        let output = output.unwrap_or_else(|error| panic!("{} does not run: {error}", program.display()));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("`terraform version -json` prints JSON");
        let text = answer["terraform_version"].as_str().expect("it names its version");
        let mut parts = text.split('.').map_while(|part| part.parse().ok());
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        Self { program, version }
    }

    /// Whether this is at least the given version. A prerelease counts as its release.
    pub fn since(&self, major: u32, minor: u32) -> bool {
        let enough = self.version >= (major, minor);
        if !enough {
            note_skipped(&format!("terraform {major}.{minor}"));
        }
        enough
    }
}

/// A provider program and the address under which terraform finds it.
#[derive(Debug, Clone)]
pub struct Plugin {
    pub(crate) program: PathBuf,
    /// Namespace and name, such as `devopsflow/devopsflow`.
    pub(crate) source: &'static str,
}

impl Plugin {
    /// Our provider.
    pub fn ours() -> Self {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let program = BUILT
            .get_or_init(|| env::var_os("DEVOPSFLOW_PROVIDER").map_or_else(|| build(OURS, &[], OURS), PathBuf::from))
            .clone();
        assert!(program.is_absolute(), "DEVOPSFLOW_PROVIDER is not an absolute path");
        Self { program, source: "devopsflow/devopsflow" }
    }

    /// The Go provider in `peer/`, where `cargo xtask tools` could build it.
    pub fn peer() -> Option<Self> {
        Some(Self { program: tool("terraform-provider-peer")?, source: "devopsflow/peer" })
    }

    /// A provider that breaks the contract as it is told.
    pub fn wrong() -> Self {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let build = || build(env!("CARGO_PKG_NAME"), &["--example", WRONG], WRONG);
        Self { program: BUILT.get_or_init(build).clone(), source: "devopsflow/wrong" }
    }

    /// The same program under another address, to stand in for a provider that terraform wants to be installed.
    #[must_use]
    pub fn named(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    /// The program file.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The last part of the address.
    pub(crate) fn name(&self) -> &'static str {
        self.source.rsplit('/').next().unwrap_or(self.source)
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace")
}

fn on_path() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&path).map(|folder| folder.join("terraform"));
    places.find(|place| place.is_file()).expect("install terraform, or set DEVOPSFLOW_TERRAFORM to its path")
}

/// A program that `cargo xtask tools` installs where its runtime exists.
fn tool(name: &str) -> Option<PathBuf> {
    let program = root().join(".tools/bin").join(name);
    if program.is_file() {
        return Some(program);
    }
    note_skipped(name);
    None
}

/// Says that a test passes because something is missing; fails where everything is required.
#[expect(clippy::print_stderr, reason = "the test harness owns the stream")]
pub fn note_skipped(what: &str) {
    assert!(env::var_os("DEVOPSFLOW_REQUIRE_ALL").is_none_or(|value| value != "1"), "{what} is missing");
    eprintln!("SKIPPED: {what} is missing; `cargo xtask tools` installs what can be installed");
}

/// The agent's program.
pub fn agent() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let find = || env::var_os("DEVOPSFLOW_AGENT").map_or_else(|| build(AGENT, &["--bin", AGENT], AGENT), PathBuf::from);
    let program = BUILT.get_or_init(find).clone();
    assert!(program.is_absolute(), "DEVOPSFLOW_AGENT is not an absolute path");
    program
}

/// The command's program.
pub fn command() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(COMMAND, &[], COMMAND)).clone()
}

/// A service that misbehaves as it is told, and says which version it is.
pub fn service() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(AGENT, &["--example", SERVICE], SERVICE)).clone()
}

/// The program of an example, which is the only one of the package of its name.
pub(crate) fn example(name: &str) -> PathBuf {
    build(name, &["--bin", name], name)
}

/// A program of the SDK, which declares what its settings say.
pub(crate) fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(env!("CARGO_PKG_NAME"), &["--example", PROGRAM], PROGRAM)).clone()
}

/// Builds a program of ours and says where it is, wherever cargo is configured to put it.
fn build(package: &str, args: &[&str], name: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--package", package]).args(args);
    command.args(["--message-format", "json-render-diagnostics"]).current_dir(root());
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "building {name} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut messages = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = messages.find(|message| message["target"]["name"] == name && message["executable"].is_string());
    let program = ours.and_then(|message| message["executable"].as_str().map(PathBuf::from));
    program.expect("cargo names the program that it built")
}
