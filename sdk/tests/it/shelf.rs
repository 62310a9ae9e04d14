//! The program whose things lie on a shelf, run as a process: see `tests/programs/shelf.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::programs::build;

/// A directory with the program's project and state.
pub(crate) struct Shelf {
    root: tempfile::TempDir,
    settings: Vec<String>,
}

impl Shelf {
    pub(crate) fn new(things: usize, pipelines: usize, bytes: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("pyproject.toml"), "[project]\nname = \"shop\"\nversion = \"1\"\n").unwrap();
        let place = format!("root={}", root.path().display());
        let settings = [place, format!("things={things}"), format!("pipelines={pipelines}"), format!("bytes={bytes}")];
        Self { root, settings: settings.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the state is.
    pub(crate) fn state(&self) -> PathBuf {
        self.root().join(".devopsflow/shop/dev")
    }

    /// The program with these arguments.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(BUILT.get_or_init(|| build("devopsflow", &["--example", "shelf"], "shelf")));
        command.current_dir(self.root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in ["DEVOPSFLOW_STACK", "DEVOPSFLOW_BACKEND", "DEVOPSFLOW_PLUGIN", "SHELF_HOLD"] {
            command.env_remove(variable);
        }
        command.args(self.settings.iter().flat_map(|setting| ["--config", setting]));
        command.args(args);
        command
    }

    /// Runs it to its end, which must be with this exit code. Gives what it printed on standard output and error.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], code: i32) -> (String, String) {
        crate::program::run(&mut self.program(args), code)
    }

    /// How many objects were made of each label.
    pub(crate) fn made(&self) -> BTreeMap<String, usize> {
        let Ok(labels) = std::fs::read_dir(self.root().join("shelf")) else { return BTreeMap::new() };
        let labels = labels.map(|label| label.unwrap()).filter(|label| label.file_type().unwrap().is_dir());
        labels
            .map(|label| (label.file_name().into_string().unwrap(), std::fs::read_dir(label.path()).unwrap().count()))
            .collect()
    }
}

/// Sends a signal to a process that this test started.
pub(crate) fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}
