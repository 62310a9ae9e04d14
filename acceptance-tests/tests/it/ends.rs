//! Our provider in this process and through both ends of the protocol: what it answers is the same.

use std::fmt::Debug;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use framework::host::{Host, config_value};
use framework::{Schema, Value};
use tempfile::TempDir;
use tfplugin::client::{Options, Plugin};

use crate::fixture;

/// What is done with an object of a resource type, one after the other. A configuration that is refused is a step too.
struct Script {
    configs: Vec<Value>,
    /// What names the object for an import.
    id: String,
}

/// The script of a resource type, for a project in `root`.
fn script(type_name: &str, schema: &Schema, root: &Path) -> Script {
    match type_name {
        "devopsflow_pipeline" => pipeline(schema, root),
        "devopsflow_rollout" => rollout(schema, root),
        _ => panic!("write a script for {type_name}"),
    }
}

/// A service whose versions take over at once, so that the same happens every time.
fn rollout(schema: &Schema, root: &Path) -> Script {
    let command = [acceptance_tests::service().display().to_string(), "--version".into(), "{version}".into()];
    let port = PORT.get_or_init(acceptance_tests::free_port);
    let service = |name: &str, version: Value, replicas: u32| {
        let local = Value::map([
            ("command", Value::List(command.iter().map(|part| Value::from(part.as_str())).collect())),
            ("port", Value::Number((*port).into())),
            ("replicas", Value::Number(replicas.into())),
            ("working_dir", Value::from(root.display().to_string())),
        ]);
        let step = Value::map([("weight", Value::from(50)), ("pause", Value::from("0s"))]);
        let members = [
            ("name", Value::from(name)),
            ("version", version),
            ("target", Value::map([("local", local)])),
            ("strategy", Value::map([("canary", Value::map([("steps", Value::List(vec![step]))]))])),
            ("gates", Value::List(Vec::new())),
            ("retain", Value::from("0s")),
        ];
        config_value(schema, members.map(|(name, value)| (name.to_owned(), value))).unwrap()
    };
    let configs = vec![
        service("api", "v1".into(), 1),
        service("api", "v1".into(), 1),
        service("api", Value::UNKNOWN, 1),
        service("api", "v2".into(), 1),
        service("No Name", "v2".into(), 1),
        service("api", "v2".into(), 2),
    ];
    Script { configs, id: "api".to_owned() }
}

/// Where the service of the script is reached, the same for both ends.
static PORT: OnceLock<u16> = OnceLock::new();

/// An agent that both ends speak to.
struct Agent {
    state: TempDir,
    process: Child,
}

impl Agent {
    fn start() -> Self {
        let state = TempDir::new().unwrap();
        let log = std::fs::File::create(state.path().join("log")).unwrap();
        let mut command = Command::new(acceptance_tests::agent());
        command.arg("run").env(agent_client::STATE_DIR, state.path()).stdin(Stdio::null());
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let agent = Self { state, process };
        acceptance_tests::poll("the agent to listen", || agent.flow(&["agent", "status"]).then_some(()));
        agent
    }

    /// Whether a command succeeds.
    fn flow(&self, args: &[&str]) -> bool {
        let mut command = Command::new(acceptance_tests::command());
        command.args(args).env(agent_client::STATE_DIR, self.state.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.flow(&["agent", "stop", "--replicas"]);
        // It ended, unless something is wrong with it already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn pipeline(schema: &Schema, root: &Path) -> Script {
    let directory = root.join(".github/workflows").display().to_string();
    let pipeline = |strategy: Value, motto: Value, directory: &str| {
        let members = [
            ("platform", Value::from("github-actions")),
            ("language", Value::from("python")),
            ("deploy_strategy", strategy),
            ("directory", Value::from(directory)),
            ("environments", Value::List(Vec::new())),
            ("variables", Value::map([("MOTTO", motto)])),
        ];
        config_value(schema, members.map(|(name, value)| (name.to_owned(), value))).unwrap()
    };
    let elsewhere = root.join("elsewhere").display().to_string();
    let configs = vec![
        pipeline("rolling".into(), "one".into(), &directory),
        pipeline("rolling".into(), "one".into(), &directory),
        pipeline("rolling".into(), Value::UNKNOWN, &directory),
        pipeline("rolling".into(), "two".into(), &directory),
        pipeline("sideways".into(), "two".into(), &directory),
        pipeline("rolling".into(), "two".into(), &elsewhere),
    ];
    Script { configs, id: format!("github-actions:{elsewhere}/ci.yml") }
}

/// What a host got to see while it went through the script of a resource type. Private data is left out: it is opaque,
/// and may be random.
async fn record(host: &Host, type_name: &str, root: &Path) -> Vec<String> {
    let script = script(type_name, &host.schemas().resources[type_name], root);
    let mut seen: Vec<String> = Vec::new();
    let mut note = |what: &dyn Debug| seen.push(format!("{what:#?}"));
    let mut object = None;
    for config in &script.configs {
        match host.plan(type_name, object.as_ref(), config).await {
            Ok(change) => {
                note(&(change.action, &change.planned, &change.replace, &change.diagnostics));
                if config.is_wholly_known() {
                    let outcome = host.apply(&change, config).await.unwrap();
                    object = outcome.object;
                    note(&(object.as_ref().map(|object| &object.value), outcome.diagnostics));
                }
            }
            Err(refused) => note(&refused),
        }
    }
    let stored = host.store(type_name, object.as_ref().unwrap()).unwrap();
    note(&String::from_utf8(stored.json.clone()));
    let upgraded = host.upgrade(type_name, &stored).await.unwrap().value;
    let refreshed = host.refresh(type_name, &upgraded).await.unwrap();
    note(&(refreshed.value.as_ref().map(|object| &object.value), refreshed.diagnostics));
    let imported = host.import(type_name, &script.id).await.unwrap().value;
    note(&imported.value);
    note(&host.import(type_name, "no id").await);
    let change = host.plan_destroy(type_name, &upgraded).await.unwrap();
    let destroyed = host.apply(&change, &Value::Null).await.unwrap();
    note(&(destroyed.object.is_none(), destroyed.diagnostics));
    note(&host.refresh(type_name, &upgraded).await.unwrap().value.is_none());
    seen
}

async fn in_process(agent: &Agent) -> Host {
    Host::start("devopsflow", Arc::new(provider::registry_with_agent(agent.state.path()))).await.unwrap()
}

async fn through_both_ends(agent: &Agent) -> Host {
    let mut program = tokio::process::Command::new(acceptance_tests::Plugin::ours().program());
    program.env(agent_client::STATE_DIR, agent.state.path());
    let plugin = Plugin::launch(program, Options::default()).await.unwrap();
    Host::start("devopsflow", Arc::new(plugin)).await.unwrap()
}

/// The texts are long: the first line that differs says enough.
#[track_caller]
fn check_same(what: &str, near: &str, far: &str) {
    let differing = near.lines().zip(far.lines()).find(|(near, far)| near != far);
    assert_eq!(differing, None, "{what}");
    assert_eq!(near, far, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_answers_the_same_in_process_and_through_both_ends() {
    let project = TempDir::new().unwrap();
    fixture::write_project(project.path());
    let agent = tokio::task::block_in_place(Agent::start);
    let (near, far) = (in_process(&agent).await, through_both_ends(&agent).await);
    assert_eq!(near.schemas().resources.len(), far.schemas().resources.len());
    for type_name in near.schemas().resources.keys() {
        let expected = record(&near, type_name, project.path()).await;
        for (step, (near, far)) in expected.iter().zip(record(&far, type_name, project.path()).await).enumerate() {
            check_same(&format!("{type_name}, note {step}"), near, &far);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schema_is_the_same_in_process_and_through_both_ends() {
    let agent = tokio::task::block_in_place(Agent::start);
    let (near, far) = (in_process(&agent).await, through_both_ends(&agent).await);
    let of = |host: &Host| {
        let schemas = host.schemas();
        let all = schemas.resources.iter().chain(&schemas.data_sources);
        all.map(|(name, schema)| (name.clone(), schema.version, schema.ty())).collect::<Vec<_>>()
    };
    assert_eq!(of(&near), of(&far));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_data_source_answers_the_same_in_process_and_through_both_ends() {
    let project = TempDir::new().unwrap();
    fixture::write_project(project.path());
    let agent = tokio::task::block_in_place(Agent::start);
    let (near, far) = (in_process(&agent).await, through_both_ends(&agent).await);
    for (type_name, schema) in &near.schemas().data_sources {
        let (attribute, values) = match type_name.as_str() {
            "devopsflow_project" => ("path", [project.path().to_owned(), project.path().join("nowhere")]),
            "devopsflow_rollout" => ("name", ["api".into(), "No Name".into()]),
            _ => panic!("write a configuration for {type_name}"),
        };
        for value in values {
            let value = Value::from(value.display().to_string());
            let config = config_value(schema, [(attribute.to_owned(), value)]).unwrap();
            let read = [near.read_data(type_name, &config).await, far.read_data(type_name, &config).await];
            let [near, far] = read.map(|answer| format!("{answer:#?}"));
            check_same(type_name, &near, &far);
        }
    }
}
