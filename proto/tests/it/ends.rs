//! What a provider says through the protocol is what it says in this process.

use std::fmt::Debug;

use framework::provider::{Configure, Import, Move, Plan, Provider, Read, ReadData, Reply, Subject, Upgrade, Validate};
use framework::{Fault, Number, Value};

use crate::double::{Double, FILE, LETTERS};
use crate::support::{creation, double, file};

/// Asks the provider in this process and the one behind both ends, and gives their common answer.
async fn both<T: Debug>(ask: impl Fn(&dyn Provider) -> Reply<'_, T>) -> String {
    let plugin = double().await;
    let there = ask(&plugin).await.unwrap();
    let here = ask(&Double::default()).await.unwrap();
    plugin.shutdown().await;
    let here = format!("{here:?}");
    assert_eq!(format!("{there:?}"), here);
    here
}

#[tokio::test]
async fn schemas() {
    let schemas = both(|provider| provider.schemas()).await;
    assert!(schemas.contains(FILE) && schemas.contains(LETTERS) && schemas.contains("plans_destroy: true"));
}

#[tokio::test]
async fn a_wrong_configuration() {
    let config = file("".as_ref(), "text", None);
    let subject = Subject::Resource(FILE.into());
    let said = both(|provider| provider.validate(Validate { subject: subject.clone(), config: config.clone() })).await;
    assert!(said.contains("Empty path") && said.contains("path: Some(path)"), "{said}");
}

#[tokio::test]
async fn configuring() {
    let config = Value::map([("prefix", Value::from("hello"))]);
    let said =
        both(|provider| provider.configure(Configure { config: config.clone(), host_version: "1.2.3".into() })).await;
    assert!(said.contains("hello 1.2.3") && said.contains("Warning"), "{said}");
}

#[tokio::test]
async fn a_plan_with_unknowns_and_a_replacement() {
    let prior = file("old".as_ref(), "text", None);
    let proposed = Value::map([
        ("path", Value::from("new")),
        ("content", Value::UNKNOWN),
        ("mode", Value::Null),
        ("length", Value::UNKNOWN),
    ]);
    let plan = Plan {
        type_name: FILE.into(),
        prior,
        proposed: proposed.clone(),
        config: proposed,
        private: b"private".to_vec(),
    };
    let said = both(|provider| provider.plan(plan.clone())).await;
    assert!(said.contains(r#""length": (unknown)"#) && said.contains("replace: [path]"), "{said}");
}

#[tokio::test]
async fn an_apply_and_a_failed_one() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(&folder.path().join("good"), "text", None);
    let said = both(|provider| provider.apply(creation(&good))).await;
    assert!(said.contains(r#""length": 4"#), "{said}");
    let failing = file(&folder.path().join("failing"), "text", Some("fail"));
    let said = both(|provider| provider.apply(creation(&failing))).await;
    assert!(said.contains("Asked to fail") && said.contains(r#""length": 4"#), "{said}");
}

#[tokio::test]
async fn reading_what_is_there_and_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "by hand").unwrap();
    let read = |path| Read { type_name: FILE.into(), state: file(path, "text", None), private: b"private".to_vec() };
    let said = both(|provider| provider.read(read(&path))).await;
    assert!(said.contains("by hand"), "{said}");
    let said = both(|provider| provider.read(read("/nowhere/at/all".as_ref()))).await;
    assert!(said.contains("state: null"), "{said}");
}

#[tokio::test]
async fn import_upgrade_and_move() {
    let import = || Import { type_name: FILE.into(), id: "some/path".into() };
    assert!(both(|provider| provider.import(import())).await.contains("some/path"));
    let upgrade = || Upgrade { type_name: FILE.into(), version: 0, json: br#"{"path":"p","length":3}"#.to_vec() };
    assert!(both(|provider| provider.upgrade(upgrade())).await.contains(r#""length": 3"#));
    let moved = || Move {
        source_provider: "registry.terraform.io/hashicorp/local".into(),
        source_type: "local_file".into(),
        source_version: 0,
        source_json: br#"{"filename":"f","content":"c"}"#.to_vec(),
        source_private: b"recorded with it".to_vec(),
        type_name: FILE.into(),
    };
    let said = both(|provider| provider.moves().unwrap().move_state(moved())).await;
    assert!(said.contains("Moved from local_file"), "{said}");
}

#[tokio::test]
async fn a_request_of_many_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let large = file(&folder.path().join("large"), &"x".repeat(9_000_000), None);
    let applied = double().await.apply(creation(&large)).await.unwrap();
    assert_eq!(applied.state, large);
}

#[tokio::test]
async fn an_answer_of_many_megabytes() {
    let size = 9_000_000;
    let config = Value::map([("amount", Value::Number(Number::from(size))), ("text", Value::Null)]);
    let plugin = double().await;
    let read = plugin.read_data(ReadData { type_name: LETTERS.into(), config }).await.unwrap();
    assert_eq!(read.state.member("text").as_str().map(str::len), usize::try_from(size).ok());
}

#[tokio::test]
async fn a_panic_is_an_error_of_this_call_alone() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = double().await;
    let panicking = file(&folder.path().join("panicking"), "text", Some("panic"));
    let applied = plugin.apply(creation(&panicking)).await.unwrap();
    let said = applied.diagnostics.to_string();
    assert!(said.contains("ApplyResourceChange: the provider panicked: asked to panic"), "{said}");
    assert!(applied.state.is_null());
    let good = file(&folder.path().join("good"), "text", None);
    assert!(plugin.apply(creation(&good)).await.unwrap().diagnostics.is_empty());
}

#[tokio::test]
async fn what_the_plugin_does_not_have_is_not_asked_for() {
    let plugin = double().await;
    let read = Read { type_name: "double_folder".into(), state: Value::Null, private: Vec::new() };
    let fault = plugin.read(read).await.unwrap_err();
    assert_eq!(fault, Fault::Unsupported("the resource type `double_folder`".into()));
}

#[tokio::test]
async fn a_value_that_does_not_match_the_schema_is_not_sent() {
    let plugin = double().await;
    let read = Read { type_name: FILE.into(), state: Value::from(1), private: Vec::new() };
    let fault = plugin.read(read).await.unwrap_err();
    assert!(matches!(fault, Fault::Transport { sent: false, .. }), "{fault}");
}
