//! Reads a rendered workflow back.

use serde_json::Value;

/// A workflow, read from its text.
pub(super) struct Workflow {
    pub(super) text: String,
    pub(super) root: Value,
}

/// A job of it.
pub(super) struct Job<'w> {
    pub(super) name: &'w str,
    pub(super) body: &'w Value,
}

impl Workflow {
    #[track_caller]
    pub(super) fn read(text: String) -> Self {
        let root = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Self { text, root }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = Job<'_>> {
        self.root["jobs"].as_object().unwrap().iter().map(|(name, body)| Job { name, body })
    }

    /// The names of the jobs, in the order in which they are written.
    pub(super) fn names(&self) -> Vec<&str> {
        let is_job = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
        let jobs = self.text.split_once("\njobs:\n").unwrap().1.lines();
        jobs.filter(is_job).map(|line| line.trim().trim_end_matches(':')).collect()
    }

    #[track_caller]
    pub(super) fn job(&self, name: &str) -> Job<'_> {
        self.jobs().find(|job| job.name == name).unwrap_or_else(|| panic!("no job {name} among {:?}", self.names()))
    }
}

impl<'w> Job<'w> {
    pub(super) fn steps(&self) -> impl Iterator<Item = &'w Value> {
        self.body["steps"].as_array().unwrap().iter()
    }

    /// What people read of the steps.
    pub(super) fn titles(&self) -> Vec<&'w str> {
        self.steps().map(|step| step["name"].as_str().unwrap()).collect()
    }

    /// The scripts, each once, joined.
    pub(super) fn scripts(&self) -> String {
        self.steps().filter_map(|step| step["run"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The step with that title.
    #[track_caller]
    pub(super) fn step(&self, title: &str) -> &'w Value {
        self.steps()
            .find(|step| step["name"] == title)
            .unwrap_or_else(|| panic!("no step {title:?} among {:?}", self.titles()))
    }

    pub(super) fn needs(&self) -> Vec<&'w str> {
        self.body["needs"].as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).collect()
    }
}

/// Every text in a value.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
