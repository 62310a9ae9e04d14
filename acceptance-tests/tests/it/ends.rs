//! Our provider in this process and through both ends of the protocol: what it answers is the same.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

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
    assert_eq!(type_name, "devopsflow_pipeline", "write a script for {type_name}");
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

async fn in_process() -> Host {
    Host::start("devopsflow", Arc::new(provider::registry())).await.unwrap()
}

async fn through_both_ends() -> Host {
    let program = acceptance_tests::Plugin::ours().program().to_owned();
    let plugin = Plugin::launch(tokio::process::Command::new(program), Options::default()).await.unwrap();
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
    let (near, far) = (in_process().await, through_both_ends().await);
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
    let (near, far) = (in_process().await, through_both_ends().await);
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
    let (near, far) = (in_process().await, through_both_ends().await);
    for (type_name, schema) in &near.schemas().data_sources {
        assert_eq!(type_name, "devopsflow_project", "write a configuration for {type_name}");
        for path in [project.path().to_owned(), project.path().join("nowhere")] {
            let path = Value::from(path.display().to_string());
            let config = config_value(schema, [("path".to_owned(), path)]).unwrap();
            let read = [near.read_data(type_name, &config).await, far.read_data(type_name, &config).await];
            let [near, far] = read.map(|answer| format!("{answer:#?}"));
            check_same(type_name, &near, &far);
        }
    }
}
