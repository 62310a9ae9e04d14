//! Reading objects and writing them, partial inputs, previews.

use std::collections::BTreeSet;

use framework::attributes::{Field, Partial, Previewed};
use framework::{Path, Preview, Value};
use proptest::prelude::*;

use super::{Attributes, Channel, DryRun, Gate, Inputs, InputsPartial, Local, Outputs, OutputsPreview, Target};

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::map(members)
}

fn local() -> Value {
    object([("port", Value::from(8080))])
}

fn minimal() -> Value {
    object([("version", Value::from("1.2.3")), ("target", object([("local", local())]))])
}

#[track_caller]
fn read<T: Attributes>(value: &Value) -> T {
    T::from_object(value, &Path::root()).expect("a good object")
}

/// What is said of a bad object, one line for each mistake.
#[track_caller]
fn check_errors<T: Attributes>(value: &Value, expected: &[&str]) {
    let Err(errors) = T::from_object(value, &Path::root()) else { panic!("{value:?} was read") };
    let lines: Vec<_> = errors.iter().map(|error| error.to_string().replace('\n', ": ")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn what_is_left_out_is_absent_or_has_its_default() {
    let inputs: Inputs = read(&minimal());
    assert_eq!(inputs.target, Target::Local(Local { port: 8080, command: None, replicas: 2 }));
    assert_eq!((inputs.steps, inputs.notes), (vec![5, 25], "notes".into()));
    assert_eq!((inputs.gates, inputs.notify, inputs.r#type), (None, None, None));
}

#[test]
fn objects_survive() {
    let gate = Gate { max: 0.5, advisory: true };
    let inputs = Inputs {
        gates: Some([("errors".to_owned(), gate)].into()),
        notify: Some([Channel::Pager, Channel::Mail].into()),
        target: Target::DryRun(DryRun {}),
        r#type: Some("high".into()),
        ..read(&minimal())
    };
    let members = Value::Map(inputs.to_members());
    Inputs::shape().ty().check(&members).expect("conforms to the schema");
    assert_eq!(read::<Inputs>(&members), inputs);
}

#[test]
fn all_mistakes_are_reported_with_their_place() {
    let gates = object([("errors", object([("max", "much".into())])), ("latency", object([]))]);
    let value = object([
        ("target", object([("local", object([("port", Value::from(70_000))]))])),
        ("gates", gates),
        ("notify", Value::set(["on-cal".into()])),
    ]);
    check_errors::<Inputs>(
        &value,
        &[
            "error: version: Missing attribute: It must be given.",
            "error: target.local.port: Unexpected value: an integer from 0 to 65535 expected, not a number.",
            r#"error: gates["errors"].max: Unexpected value: a number expected, not a string."#,
            r#"error: gates["latency"].max: Missing attribute: It must be given."#,
            r#"error: notify[...]: Unexpected value: one of "mail", "short-message", "on-call" expected, not "on-cal". Did you mean "on-call"?"#,
        ],
    );
}

#[test]
fn an_object_must_be_one() {
    check_errors::<Inputs>(&Value::Null, &["error: (root): Unexpected value: an object expected, not null."]);
    let value = object([("version", "1".into()), ("target", Value::from(true))]);
    check_errors::<Inputs>(&value, &["error: target: Unexpected value: an object expected, not a bool."]);
}

#[test]
fn exactly_one_alternative_is_given() {
    let detail = "Exactly one of `local`, `dry_run`, `static` must be given";
    for (target, count) in [(object([]), 0), (object([("dry_run", object([])), ("static", "a".into())]), 2)] {
        let value = object([("version", "1".into()), ("target", target)]);
        check_errors::<Inputs>(
            &value,
            &[&format!("error: target: Not exactly one alternative: {detail}, not {count} of them.")],
        );
    }
    assert_eq!(
        Target::Cluster("blue".into()).to_value(),
        object([("local", Value::Null), ("dry_run", Value::Null), ("static", "blue".into())])
    );
}

#[test]
fn partial_inputs_hold_what_is_known_in_all_parts() {
    let target = object([("local", object([("port", Value::UNKNOWN)]))]);
    let value = object([("version", "1".into()), ("target", target), ("notes", Value::UNKNOWN)]);
    let partial = InputsPartial::from_object(&value).expect("reads");
    assert_eq!(Value::Map(partial.to_members()), object([("version", "1".into())]));
    let unread = InputsPartial::from_object(&object([("version", Value::from(true))])).err();
    let unread = unread.expect("a bool is no version").to_string();
    assert_eq!(unread, "error: version: Unexpected value\na string expected, not a bool.");
}

#[test]
fn previews_know_what_the_plan_knows() {
    let planned = object([("url", "http://a".into()), ("resolved_gates", Value::UNKNOWN), ("reason", Value::Null)]);
    let preview = OutputsPreview::from_object(&planned).expect("reads");
    assert_eq!(preview.reason, Preview::Known(None));
    let members = preview.into_members();
    assert_eq!(members["url"], Preview::Known("http://a".into()));
    assert_eq!(members["resolved_gates"], Preview::Unknown);
    assert_eq!(members["reason"], Preview::Known(Value::Null));
    let kept = OutputsPreview { url: Preview::Keep, ..OutputsPreview::unknown() }.into_members();
    assert_eq!((&kept["url"], &kept["reason"]), (&Preview::Keep, &Preview::Unknown));
    assert_eq!(kept.keys().collect::<Vec<_>>(), Outputs::attributes().keys().collect::<Vec<_>>());
}

/// Values of every kind, in objects with names that the attributes have.
fn anything() -> impl Strategy<Value = Value> {
    let names = Inputs::NAMES.iter().chain(Local::NAMES).chain(Gate::NAMES).chain(&["local", "dry_run", "static"]);
    let names = prop::sample::select(names.copied().collect::<Vec<_>>());
    let texts = prop::sample::select(vec!["mail", "on-call", "high", ""]).prop_map(Value::from);
    let known = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from)];
    let leaf = prop_oneof![known, (0..99_i64).prop_map(Value::from), texts, Just(Value::UNKNOWN)];
    leaf.prop_recursive(4, 32, 8, move |part| {
        let members = prop::collection::vec((names.clone(), part.clone()), 0..8);
        let elements = prop::collection::vec(part, 0..3);
        let lists = elements.clone().prop_map(Value::List);
        prop_oneof![3 => members.prop_map(Value::map), 1 => lists, 1 => elements.prop_map(Value::set)]
    })
}

/// Whatever can be read is written in the schema's form and read back as it was; the rest is an error.
fn survives<T: Field + PartialEq + std::fmt::Debug>(value: &Value) {
    match T::from_value(value, &Path::root()) {
        Ok(read) => {
            let written = read.to_value();
            T::shape().ty().check(&written).expect("conforms to the schema");
            assert_eq!(T::from_value(&written, &Path::root()), Ok(read));
        }
        Err(errors) => assert!(errors.has_errors()),
    }
}

proptest! {
    #[test]
    fn any_value_is_read_or_refused(value in anything(), channels in prop::collection::vec(anything(), 0..3)) {
        survives::<Inputs>(&value);
        survives::<Target>(&value);
        survives::<Local>(&value);
        survives::<Gate>(&value);
        survives::<BTreeSet<Channel>>(&Value::set(channels));
        if let Ok(partial) = InputsPartial::from_object(&value) {
            let members = Value::Map(partial.to_members());
            let again = InputsPartial::from_object(&members).expect("reads what it wrote");
            prop_assert_eq!(Value::Map(again.to_members()), members);
        }
    }
}
