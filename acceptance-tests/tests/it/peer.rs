//! A provider that is not ours, hosted by our end of the protocol.

use std::sync::Arc;

use framework::host::{Action, Change, Host, Object, config_value};
use framework::{Number, Type, Value};
use tempfile::TempDir;
use tfplugin::client::{Options, Plugin};

const FILE: &str = "peer_file";

/// The Go provider with its prefix set to a folder of its own, where Go is.
async fn peer() -> Option<(Host, TempDir)> {
    let program = acceptance_tests::Plugin::peer()?.program().to_owned();
    let plugin = Plugin::launch(tokio::process::Command::new(program), Options::default()).await.unwrap();
    let host = Host::start("peer", Arc::new(plugin)).await.unwrap();
    let folder = TempDir::new().unwrap();
    let prefix = Value::from(folder.path().display().to_string());
    let config = config_value(&host.schemas().provider, [("prefix".to_owned(), prefix)]).unwrap();
    host.configure(config, "1.11.4").await.unwrap();
    Some((host, folder))
}

/// A `peer_file` with these members beside a path and a text.
fn file(host: &Host, members: &[(&str, Value)]) -> Value {
    let given = [("path", Value::from("note.txt")), ("content", Value::from("one"))];
    let members = given.into_iter().chain(members.iter().cloned()).map(|(name, value)| (name.to_owned(), value));
    config_value(&host.schemas().resources[FILE], members).unwrap()
}

#[track_caller]
fn reached(outcome: framework::host::Outcome) -> Object {
    assert!(!outcome.diagnostics.has_errors(), "{}", outcome.diagnostics);
    outcome.object.expect("an object")
}

/// Plans and applies a change of the given kind.
async fn change(host: &Host, prior: Option<&Object>, config: &Value, action: Action) -> Object {
    let change = host.plan(FILE, prior, config).await.unwrap();
    assert_eq!(change.action, action);
    reached(host.apply(&change, config).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_of_value_survives_the_way_there_and_back() {
    let Some((host, _folder)) = peer().await else { return };
    let precise: Number = "3.141592653589793238462643383279502884197".parse().unwrap();
    let members = [
        ("weight", Value::from(precise)),
        ("labels", Value::map([("a", Value::from("1")), ("é", Value::from("2"))])),
        ("tags", Value::set(["b".into(), "a".into()])),
        ("owner", Value::map([("name", "Ada".into()), ("team", Value::Null)])),
        ("marks", Value::List(vec![Value::map([("text", "why".into()), ("line", 7.into())])])),
        ("extra", Value::Dynamic(Box::new((Type::Tuple(vec![Type::Bool]), Value::List(vec![true.into()]))))),
        ("section", Value::List(vec![Value::map([("title", "A".into()), ("body", Value::Null)])])),
    ];
    let config = file(&host, &members);
    let object = change(&host, None, &config, Action::Create).await;
    for (name, value) in &members {
        assert_eq!(object.value.member(name), value, "{name}");
    }
    assert_eq!(host.plan(FILE, Some(&object), &config).await.unwrap().action, Action::NoOp);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_made_changed_replaced_and_removed() {
    let Some((host, folder)) = peer().await else { return };
    let object = change(&host, None, &file(&host, &[]), Action::Create).await;
    let object = change(&host, Some(&object), &file(&host, &[("content", "two".into())]), Action::Update).await;
    assert_eq!(fs_err::read_to_string(folder.path().join("note.txt")).unwrap(), "two");

    let config = file(&host, &[("path", "other.txt".into())]);
    let replacement = host.plan(FILE, Some(&object), &config).await.unwrap();
    assert_eq!((replacement.action, replacement.replace.len()), (Action::Replace, 1));
    let gone = host.apply(&replacement.deletion(), &Value::Null).await.unwrap();
    assert_eq!(gone.object, None);
    let object = reached(host.apply(&replacement.creation(), &config).await.unwrap());
    assert!(!folder.path().join("note.txt").exists() && folder.path().join("other.txt").exists());

    fs_err::remove_file(folder.path().join("other.txt")).unwrap();
    assert_eq!(host.refresh(FILE, &object).await.unwrap().value, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn write_only_values_reach_the_provider_and_are_not_kept() {
    let Some((host, _folder)) = peer().await else { return };
    let object = change(&host, None, &file(&host, &[("note_wo", "psst".into())]), Action::Create).await;
    assert_eq!(object.value.member("note_length"), &Value::from(4));
    assert!(!format!("{object:?}").contains("psst"));
}

#[tokio::test(flavor = "multi_thread")]
async fn private_data_comes_back_as_it_was_given() {
    let Some((host, folder)) = peer().await else { return };
    let object = change(&host, None, &file(&host, &[]), Action::Create).await;
    assert!(host.refresh(FILE, &object).await.unwrap().diagnostics.is_empty());
    // The peer remembers in private data what it wrote.
    fs_err::write(folder.path().join("note.txt"), "edited").unwrap();
    let warned = host.refresh(FILE, &object).await.unwrap().diagnostics;
    assert!(warned.to_string().contains("The file was changed by hand"), "{warned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_imported_and_read_as_data() {
    let Some((host, folder)) = peer().await else { return };
    fs_err::write(folder.path().join("note.txt"), "one").unwrap();
    let imported = host.import(FILE, "note.txt").await.unwrap().value;
    let plan: Change = host.plan(FILE, Some(&imported), &file(&host, &[])).await.unwrap();
    assert_eq!(plan.planned.member("content"), &Value::from("one"));
    let schema = &host.schemas().data_sources[FILE];
    let config = config_value(schema, [("path".to_owned(), "note.txt".into())]).unwrap();
    let read = host.read_data(FILE, &config).await.unwrap().value;
    assert_eq!(read.member("content_sha256"), imported.value.member("content_sha256"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_said_with_its_attribute() {
    let Some((host, folder)) = peer().await else { return };
    let config = file(&host, &[("path", "nowhere/note.txt".into())]);
    let change = host.plan(FILE, None, &config).await.unwrap();
    let outcome = host.apply(&change, &config).await.unwrap();
    assert_eq!(outcome.object, None);
    let place = folder.path().display().to_string();
    insta::assert_snapshot!(outcome.diagnostics.to_string().replace(&place, "<folder>"), @r"
    error: path: The file was not created
    open <folder>/nowhere/note.txt: no such file or directory
    ");
}
