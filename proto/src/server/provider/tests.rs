//! Calls that panic, fail, or whose host goes away.

use std::time::Duration;

use framework::provider::Provider as _;
use framework::{Type, Value};
use tokio::time::timeout;

use super::*;
use crate::codec::to_wire;
use crate::double::{Double, FILE};
use crate::generated::tfplugin6::DynamicValue;

fn calls(double: &Arc<Double>) -> (Calls, Gauge) {
    let running = Gauge::new();
    let provider: Arc<dyn framework::Provider> = Arc::<Double>::clone(double);
    (Calls::new(Session::new(provider), running.clone()), running)
}

/// What is said of an attempt to read a resource.
async fn said_of_read(type_name: &str, state: DynamicValue) -> String {
    let request = read_resource::Request {
        type_name: type_name.to_owned(),
        current_state: Some(state),
        ..read_resource::Request::default()
    };
    let (calls, _) = calls(&Arc::default());
    let response = calls.read_resource(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(response.new_state, None);
    crate::convert::from_wire::diagnostics(&response.diagnostics).to_string()
}

#[tokio::test]
async fn an_unknown_type_is_named() {
    insta::assert_snapshot!(said_of_read("double_folder", DynamicValue::default()).await, @"
    error: Unknown resource type double_folder
    This version of the provider has no resource type `double_folder`. Use a version that has it, or remove what is declared of it.
    ");
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_an_error_at_its_place() {
    let ty = Type::object([("path", Type::Bool)]);
    let state = to_wire(&Value::map([("path", Value::from(true))]), &ty).unwrap();
    insta::assert_snapshot!(said_of_read(FILE, state).await, @"
    error: path: A value cannot be read
    The value `current_state` that Terraform sent does not match the provider's schema: path: string expected, not a bool.

    The plan may have been made with another version of the provider: plan again.
    ");
    let json = DynamicValue { json: "{".into(), ..DynamicValue::default() };
    assert!(said_of_read(FILE, json).await.contains("not JSON: EOF"));
}

#[tokio::test]
async fn a_state_of_before_json_is_refused() {
    let flatmap = [("path".to_owned(), "old".to_owned())].into();
    let request = upgrade_resource_state::Request {
        type_name: FILE.to_owned(),
        version: 0,
        raw_state: Some(wire::RawState { flatmap, ..wire::RawState::default() }),
    };
    let (calls, _) = calls(&Arc::default());
    let response = calls.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(response.diagnostics[0].summary, "The stored state is too old");
}

#[tokio::test]
async fn a_call_goes_on_without_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = Value::map([
        ("path", Value::from(path.to_str().unwrap())),
        ("content", "written".into()),
        ("mode", "wait".into()),
        ("length", Value::UNKNOWN),
    ]);
    let double = Arc::new(Double::default());
    let (calls, running) = calls(&double);
    let ty = double.schemas().await.unwrap().resources[FILE].ty();
    let state = Some(to_wire(&file, &ty).unwrap());
    let request = apply_resource_change::Request {
        type_name: FILE.to_owned(),
        planned_state: state.clone(),
        config: state,
        ..apply_resource_change::Request::default()
    };
    // The caller gives up while the provider waits.
    let call = calls.apply_resource_change(Request::new(request));
    assert!(timeout(Duration::from_millis(50), call).await.is_err());
    assert!(!path.exists());
    double.stop();
    running.empty().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "written");
}
