//! Configurations from what was given.

use serde_json::Value as Json;

use crate::conformance::sample::{object, schema, typed};
use crate::host::config_value;
use crate::schema::{Block, BlockNesting, NestedBlock};
use crate::{Schema, Type, Value};

/// The given members, whose values conform if their names exist, made into a configuration or its problems.
#[track_caller]
fn check(given: &str, expected: &str) {
    let Json::Object(given) = serde_json::from_str(given).expect("JSON") else { panic!("an object") };
    let Type::Object(types) = schema().ty() else { panic!("an object type") };
    let value = |(name, json): (String, Json)| {
        let value = types.get(&name).map_or(Value::from(true), |ty| typed(&json, ty));
        (name, value)
    };
    let outcome = config_value(&schema(), given.into_iter().map(value));
    let told = outcome.map_or_else(
        |problems| problems.to_string(),
        |config| {
            assert_eq!(schema().ty().check(&config), Ok(()));
            "a configuration".into()
        },
    );
    assert_eq!(told, expected);
}

/// The attribute `name` given as `value`, with a name, and the problems with that.
#[track_caller]
fn check_value(name: &str, value: Value, expected: &str) {
    let outcome = config_value(&schema(), [("name".to_owned(), "n".into()), (name.to_owned(), value)]);
    assert_eq!(outcome.expect_err("problems").to_string(), expected);
}

#[test]
fn what_is_not_given_is_null_or_no_blocks() {
    let config = config_value(&schema(), [("name".to_owned(), "n".into())]).expect("a configuration");
    assert_eq!(config, object("{}"));
    let inner = Value::map([("size", Value::from(1))]);
    let members = ["one", "b_one", "b_group"].map(|name| (name.to_owned(), inner.clone()));
    let lists = ["list", "b_list"].map(|name| (name.to_owned(), Value::List(vec![inner.clone()])));
    let members = members.into_iter().chain(lists).chain([("name".to_owned(), "n".into())]);
    let config = config_value(&schema(), members).expect("a configuration");
    let full =
        r#"{"one":{"size":1},"list":[{"size":1}],"b_one":{"size":1},"b_group":{"size":1},"b_list":[{"size":1}]}"#;
    assert_eq!(config, object(full));
}

#[test]
fn all_problems_are_told_with_their_places() {
    check("{\"name\":\"?\"}", "a configuration");
    check("{}", "error: name: Missing attribute\nstring expected.");
    let computed =
        "error: id: Attribute cannot be set\nOnly the provider gives a value to this attribute. Leave it out.";
    check(r#"{"id":"i"}"#, &format!("{computed}\nerror: name: Missing attribute\nstring expected."));
    let inner = "error: list[0].size: Missing attribute\nnumber expected.\n\
                 error: b_map[\"k\"].size: Missing attribute\nnumber expected.";
    check(r#"{"name":"n","list":[{}],"b_map":{"k":{}}}"#, inner);
}

#[test]
fn values_of_a_wrong_type_are_told() {
    check_value("zones", true.into(), "error: zones: Wrong type\nlist(string) expected, not a bool.");
    let mixed = Value::List(vec!["a".into(), true.into()]);
    check_value("zones", mixed, "error: zones[1]: Wrong type\nstring expected, not a bool.");
    check_value("list", Value::map::<&str>([]), "error: list: Wrong type\na list expected, not a map or object.");
    check_value("one", "x".into(), "error: one: Wrong type\nAn object expected, not a string.");
    check_value("b_list", "x".into(), "error: b_list: Wrong type\na list expected, not a string.");
    check_value("b_one", "x".into(), "error: b_one: Wrong type\nA block expected, not a string.");
    let other = Value::map([("size", Value::from(1)), ("sise", Value::from(1))]);
    let unknown = "error: one.sise: No such attribute\nOne of these expected: at, code, once, pass, size.";
    check_value("one", other, unknown);
}

#[test]
fn the_number_of_blocks_is_checked() {
    let nested = NestedBlock { nesting: BlockNesting::List, block: Block::default(), min: 1, max: 2 };
    let block = Block { blocks: [("b".to_owned(), nested)].into(), ..Block::default() };
    let schema = Schema { version: 0, block };
    for (count, allowed) in [(0, false), (1, true), (2, true), (3, false)] {
        let blocks = Value::List(vec![Value::map::<&str>([]); count]);
        let outcome = config_value(&schema, [("b".to_owned(), blocks)]);
        let problems = outcome.map_or_else(|problems| problems.to_string(), |_| String::new());
        let expected = format!("error: b: Wrong number of blocks\n1 to 2 blocks expected, not {count}.");
        assert_eq!(problems, if allowed { String::new() } else { expected });
    }
}
