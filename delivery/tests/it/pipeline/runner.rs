//! Runs the scripts of a job as the platform would, with as little of the platform as they need.
//!
//! Actions are passed over. Expressions are outputs and nothing else; of conditions, only the one that a failure fulfils is known.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::workflow::Workflow;

/// Outputs of steps and jobs, by expression, such as `needs.publish.outputs.image`.
pub(super) type Outputs = BTreeMap<String, String>;

/// How a job ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) succeeded: bool,
    /// Everything that the scripts said.
    pub(super) said: String,
    /// The steps that were run, in order.
    pub(super) ran: Vec<String>,
}

/// A repository in which jobs are run.
pub(super) struct Runner<'w> {
    pub(super) workflow: &'w Workflow,
    pub(super) root: &'w Path,
    pub(super) outputs: Outputs,
}

impl Runner<'_> {
    /// Runs a job; what it gives is there for the next.
    pub(super) fn run(&mut self, name: &str) -> Ended {
        let job = self.workflow.job(name);
        let mut ended = Ended { succeeded: true, said: String::new(), ran: Vec::new() };
        self.outputs.retain(|name, _| !name.starts_with("steps."));
        for step in job.steps().filter(|step| step["run"].is_string()) {
            let is_for_failures = step["if"].as_str().is_some_and(|condition| condition.contains("failure()"));
            if is_for_failures == ended.succeeded {
                continue;
            }
            ended.ran.push(step["name"].as_str().unwrap().to_owned());
            self.step(step, &mut ended);
        }
        for (output, value) in job.body["outputs"].as_object().into_iter().flatten() {
            let value = self.expand(value.as_str().unwrap());
            self.outputs.insert(format!("needs.{name}.outputs.{output}"), value);
        }
        ended
    }

    fn step(&mut self, step: &Value, ended: &mut Ended) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.current_dir(self.root.join(step["working-directory"].as_str().unwrap_or(".")));
        command.env("GITHUB_OUTPUT", file.path()).env("GITHUB_REPOSITORY", "Example/Shop");
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, self.expand(value.as_str().unwrap()));
        }
        let output = command.output().unwrap();
        ended.said.push_str(&String::from_utf8_lossy(&output.stdout));
        ended.said.push_str(&String::from_utf8_lossy(&output.stderr));
        ended.succeeded &= output.status.success();
        if let Some(id) = step["id"].as_str() {
            for (name, value) in
                fs::read_to_string(file.path()).unwrap().lines().filter_map(|line| line.split_once('='))
            {
                self.outputs.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
            }
        }
    }

    /// Replaces the only expression that a value may be.
    fn expand(&self, value: &str) -> String {
        let expression = value.strip_prefix("${{ ").and_then(|value| value.strip_suffix(" }}"));
        expression.map_or_else(|| value.to_owned(), |name| self.outputs.get(name).cloned().unwrap_or_default())
    }
}

/// Whether a program can be run. Where all must be there, it is an error that it cannot.
pub(super) fn has(program: &str) -> bool {
    let found = Command::new("bash")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|output| output.status.success());
    let all_required = std::env::var_os("DEVOPSFLOW_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(found || !all_required, "{program} is not installed");
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
