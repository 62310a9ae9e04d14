//! Runs the program `examples/program.rs` and reads what it recorded.

use std::fmt::Write;

use acceptance_tests::{Case, Finished, Plugin, Running, free_port};
use devopsflow::Stack;
use devopsflow::state::{Resource, State};
use devopsflow::store::DirectoryStore;
use serde_json::Value;

/// The addresses of what the program declares.
pub(super) const CI: &str = "devopsflow_pipeline.ci";
pub(super) const SHOP: &str = "devopsflow_rollout.shop";

/// The settings of the program.
#[derive(Clone, Default)]
pub(super) struct Settings(Vec<(&'static str, String)>);

impl Settings {
    /// A service with version v1 at a free port, whose rollouts take a second.
    pub(super) fn service() -> Self {
        let program = acceptance_tests::service().display().to_string();
        let settings = Self::default().with("service", program).with("port", free_port().to_string());
        settings.with("version", "v1").with("pause", "1s")
    }

    /// With this setting, which takes the place of one of the same name.
    pub(super) fn with(&self, key: &'static str, value: impl Into<String>) -> Self {
        let mut settings = self.clone();
        settings.0.retain(|(known, _)| *known != key);
        settings.0.push((key, value.into()));
        settings
    }

    pub(super) fn get(&self, key: &str) -> &str {
        &self.0.iter().find(|(known, _)| *known == key).unwrap().1
    }

    fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (key, value)| {
            writeln!(text, "{key} = {value:?}").unwrap();
            text
        })
    }
}

/// Where the provider runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    InProcess,
    Plugin,
}

pub(super) const BOTH: [End; 2] = [End::InProcess, End::Plugin];

/// Starts the program in the folder of the case.
pub(super) fn spawn<'a>(case: &'a Case, end: End, settings: &Settings, args: &[&str]) -> Running<'a> {
    case.write("devopsflow.dev.toml", &settings.text());
    let plugin = Plugin::ours().program().display().to_string();
    let plugin = if end == End::Plugin { vec!["--plugin", &plugin] } else { Vec::new() };
    case.spawn_sdk(&[args, &plugin].concat())
}

/// Runs it to its end.
#[track_caller]
pub(super) fn run(case: &Case, end: End, settings: &Settings, args: &[&str]) -> Finished {
    spawn(case, end, settings, args).finish()
}

/// Makes what the settings say.
#[track_caller]
pub(super) fn up(case: &Case, end: End, settings: &Settings) -> Finished {
    let ended = run(case, end, settings, &["up", "--yes"]);
    ended.expect_success();
    ended
}

/// The resources that a preview would change, after a look at the world.
#[track_caller]
pub(super) fn planned(case: &Case, end: End, settings: &Settings) -> Vec<(String, String)> {
    let preview = run(case, end, settings, &["preview", "--refresh", "--json"]);
    preview.expect_success();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    let events = events(&preview);
    let planned = events.iter().filter(|event| event["type"] == "planned");
    planned.map(|event| (text(event, "address"), text(event, "step"))).collect()
}

/// Fails unless a preview finds nothing to do, in what is recorded and in the world.
#[track_caller]
pub(super) fn check_idle(case: &Case, end: End, settings: &Settings) {
    run(case, end, settings, &["preview", "--detailed-exitcode"]).expect_success();
    run(case, end, settings, &["preview", "--refresh", "--detailed-exitcode"]).expect_success();
}

/// The events that a run with `--json` printed.
pub(super) fn events(ended: &Finished) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is recorded.
#[track_caller]
pub(super) fn state(case: &Case) -> State {
    let stack = Stack::new("program", "dev", |_| Ok(())).unwrap();
    stack.store(DirectoryStore::new(case.work().join(".devopsflow"))).state().unwrap()
}

/// What is recorded of a resource.
#[track_caller]
pub(super) fn resource(case: &Case, address: &str) -> Resource {
    let state = state(case);
    state.live(address).unwrap_or_else(|| panic!("{address} is not recorded: {state:?}")).clone()
}

/// The recorded attributes of the object of a resource.
#[track_caller]
pub(super) fn attributes(case: &Case, address: &str) -> Value {
    let object = resource(case, address).object.unwrap();
    Value::Object(object.value.into_iter().collect())
}

/// `version`, `status` and `weight` of the recorded service.
#[track_caller]
pub(super) fn shown(case: &Case) -> String {
    let attributes = attributes(case, SHOP);
    let text = |name: &str| attributes[name].as_str().unwrap_or("null").to_owned();
    format!("{} {} {}", text("version"), text("status"), attributes["weight"])
}
