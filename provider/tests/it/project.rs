//! A small Python project in a folder of its own, and the host that asks our provider about it.

use std::path::Path;
use std::sync::Arc;

use framework::host::{Host, config_value};
use framework::{Diagnostics, Value};
use tempfile::TempDir;

/// The resource type of pipelines.
pub(crate) const PIPELINE: &str = "devopsflow_pipeline";

/// A folder with a project.
pub(crate) struct Project {
    folder: TempDir,
    pub(crate) host: Host,
}

impl Project {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.12\"\n";
        std::fs::write(folder.path().join("pyproject.toml"), manifest).unwrap();
        let host = pollster::block_on(Host::start("devopsflow", Arc::new(provider::registry()))).unwrap();
        Self { folder, host }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path below the project, as a value.
    pub(crate) fn at(&self, path: &str) -> Value {
        Value::string(self.path().join(path).to_string_lossy())
    }

    /// The configuration of a pipeline in `.github/workflows`, with changes.
    pub(crate) fn config(&self, changes: &[(&str, Value)]) -> Value {
        let mut members = std::collections::BTreeMap::from([
            ("platform".to_owned(), "github-actions".into()),
            ("language".to_owned(), "python".into()),
            ("repository".to_owned(), self.at(".")),
            ("directory".to_owned(), self.at(".github/workflows")),
        ]);
        members.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        config_value(&self.host.schemas().resources[PIPELINE], members).unwrap()
    }
}

/// The first line of every error.
pub(crate) fn errors(diagnostics: &Diagnostics) -> Vec<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == framework::Severity::Error);
    errors.map(|error| error.to_string().lines().next().unwrap_or_default().to_owned()).collect()
}
