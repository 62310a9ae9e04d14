//! Each rule with what keeps it and what breaks it.

use proptest::prelude::*;

use super::sample::{object, schema};
use super::*;
use crate::host::Action;
use crate::provider::ImportedObject;
use crate::value::Refinement;
use crate::{Number, Path, Step, Type, Value};

/// Each violation as `number path: message`, one a line.
fn told(violations: &[Violation]) -> String {
    let line = |violation: &Violation| format!("{} {}: {}", violation.rule.number(), violation.path, violation.message);
    violations.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check_plan(prior: &str, config: &str, plan: &str, expected: &str) {
    let violations = planned(&schema(), &object(prior), &object(config), &object(plan), &[]);
    assert_eq!(told(&violations), expected);
}

#[track_caller]
fn check_apply(plan: &str, apply: &str, expected: &str) {
    assert_eq!(told(&applied(&schema(), &object(plan), &object(apply), false)), expected);
}

/// `planned` in place of the attribute `name`, and `actual` there.
#[track_caller]
fn check_values(name: &str, planned: Value, actual: Value, expected: &str) {
    assert_eq!(told(&applied(&schema(), &with(name, planned), &with(name, actual), false)), expected);
}

fn with(name: &str, value: Value) -> Value {
    let Value::Map(mut members) = object("{}") else { panic!("an object") };
    members.insert(name.into(), value);
    Value::Map(members)
}

#[test]
fn rules_have_their_numbers() {
    let numbers: Vec<u8> = Rule::ALL.iter().map(|rule| rule.number()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    assert_eq!(Rule::PlanKeepsNull.to_string(), "rule 4, what is neither configured nor computed is planned as null");
}

#[test]
fn rule_1_a_plan_conforms() {
    let schema = schema();
    let not_a_plan = |value: Value| told(&planned(&schema, &Value::Null, &object("{}"), &value, &[]));
    assert_eq!(not_a_plan("text".into()).split(" expected, ").last(), Some("not a string"));
    assert_eq!(not_a_plan(Value::UNKNOWN), "1 (root): an object expected, not an unknown value");
    assert_eq!(not_a_plan(object("{}")), "");
}

#[test]
fn rule_2_a_plan_is_null_when_the_configuration_is() {
    check_plan("null", "{}", "null", "2 (root): an object expected, for the configuration wants one, not null");
    check_plan("{}", "null", "{}", "2 (root): null expected, for nothing is configured, not an object");
    check_plan("{}", "null", "null", "");
}

#[test]
fn rule_3_a_plan_keeps_the_configuration_or_the_prior_value() {
    check_plan("null", r#"{"note":"a"}"#, r#"{"note":"a","id":"?","region":"here"}"#, "");
    check_plan("null", r#"{"note":"?","any":"?"}"#, r#"{"note":"?","any":"?"}"#, "");
    check_plan("null", r#"{"id":"mistaken"}"#, r#"{"id":"?"}"#, "");
    check_plan(r#"{"note":"b"}"#, r#"{"note":"a"}"#, r#"{"note":"b"}"#, "");
    let neither = r#"3 note: the configured "a" or the prior "b" expected, not "c""#;
    check_plan(r#"{"note":"b"}"#, r#"{"note":"a"}"#, r#"{"note":"c"}"#, neither);
    check_plan("null", r#"{"note":"a"}"#, r#"{"note":"?"}"#, r#"3 note: the configured "a" expected, not (unknown)"#);
    check_plan("null", r#"{"region":"a"}"#, r#"{"region":null}"#, r#"3 region: the configured "a" expected, not null"#);
    check_plan("{}", r#"{"note":"a"}"#, "{}", r#"3 note: the configured "a" expected, not null"#);
    check_plan(
        "null",
        r#"{"ports":[1,"?"]}"#,
        r#"{"ports":[1]}"#,
        "3 ports: the configured {(unknown), 1} expected, not {1}",
    );
}

#[test]
fn rule_3_leaves_open_what_is_known_of_an_unknown_value() {
    let refined = Value::Unknown(Some(Box::new(Refinement { null: Some(false), ..Refinement::default() })));
    let [refined_note, refined_ports] = [refined.clone(), Value::set([refined])];
    for (name, refined, plain) in
        [("note", refined_note, Value::UNKNOWN), ("ports", refined_ports, Value::set([Value::UNKNOWN]))]
    {
        assert_eq!(planned(&schema(), &Value::Null, &with(name, refined), &with(name, plain), &[]), []);
    }
}

#[test]
fn rule_3_looks_into_nested_objects_and_blocks() {
    let config = r#"{"list":[{"size":1}],"map":{"k":{"size":1}},"one":{"size":1},"b_list":[{"size":1}]}"#;
    check_plan("null", config, config, "");
    let computed = r#"{"list":[{"size":1,"code":"?"}],"map":{"k":{"size":1,"code":"c"}},"one":{"size":1,"code":"?"},
        "b_list":[{"size":1,"code":"?"}]}"#;
    check_plan("null", config, computed, "");
    let changed = r#"{"list":[{"size":2}],"map":{"k":{"size":2}},"one":{"size":2},"b_list":[{"size":2}]}"#;
    let places = ["list[0].size", r#"map["k"].size"#, "one.size", "b_list[0].size"];
    let broken = places.map(|place| format!("3 {place}: the configured 1 expected, not 2"));
    check_plan("null", config, changed, &broken.join("\n"));
    check_plan(changed, config, changed, "");
}

#[test]
fn rule_4_what_nobody_gives_is_null() {
    let invented = r#"4 note: null expected, for the attribute is neither configured nor computed, not "a""#;
    check_plan("null", "{}", r#"{"note":"a"}"#, invented);
    check_plan(r#"{"note":"a"}"#, "{}", r#"{"note":"a"}"#, invented);
    check_plan(r#"{"note":"a"}"#, "{}", r#"{"auto":[{"size":1}]}"#, "");
}

#[test]
fn rule_5_write_only_values_are_not_planned() {
    check_plan("null", r#"{"secret":"a","one":{"size":1,"once":"b"}}"#, r#"{"one":{"size":1}}"#, "");
    let kept = "5 one.once: the rule does not hold for this sensitive value\n\
                5 secret: the rule does not hold for this sensitive value";
    let config = r#"{"secret":"a","one":{"size":1,"once":"b"}}"#;
    check_plan("null", config, config, kept);
    let kept = "5 b_map[\"k\"].once: the rule does not hold for this sensitive value";
    check_plan("null", r#"{"b_map":{"k":{"size":1}}}"#, r#"{"b_map":{"k":{"size":1,"once":"b"}}}"#, kept);
}

#[test]
fn rule_6_nested_attributes_keep_the_shape_of_their_configuration() {
    let config = r#"{"list":[{"size":1}]}"#;
    check_plan("null", config, "{}", "6 list: the configured value expected, not null");
    check_plan("null", config, r#"{"list":"?"}"#, "6 list: the configured value expected, not an unknown value");
    check_plan("null", config, r#"{"list":[]}"#, "6 list: the 1 configured elements expected, not 0");
    check_plan("null", r#"{"list":"?"}"#, config, "6 list: an unknown value expected, as in the configuration");
    let keys = "6 map: the configured key \"k\" is missing\n6 map: the key \"l\" is not configured";
    check_plan("null", r#"{"map":{"k":{"size":1}}}"#, r#"{"map":{"l":{"size":1}}}"#, keys);
    let sets = "6 set: the 1 configured elements expected, not 2";
    check_plan("null", r#"{"set":[{"size":1}]}"#, r#"{"set":[{"size":1},{"size":2}]}"#, sets);
    check_plan("null", r#"{"set":[{"size":1},{"size":"?"}]}"#, r#"{"set":[{"size":1}]}"#, "");
    check_plan("null", r#"{"one":"?"}"#, r#"{"one":"?"}"#, "");
}

#[test]
fn rule_7_blocks_keep_the_shape_of_their_configuration() {
    let broken = [
        (r#"{"b_list":[{"size":1}]}"#, r#"{"b_list":[]}"#, "b_list: the 1 configured elements expected, not 0"),
        (r#"{"b_list":[]}"#, r#"{"b_list":null}"#, "b_list: an empty collection of blocks expected, not null"),
        (r#"{"b_set":[]}"#, r#"{"b_set":null}"#, "b_set: an empty collection of blocks expected, not null"),
        (r#"{"b_set":[{"size":1}]}"#, r#"{"b_set":["?"]}"#, "b_set[...]: a block expected, not an unknown value"),
        (r#"{"b_map":{"k":{"size":1}}}"#, r#"{"b_map":{}}"#, "b_map: the configured key \"k\" is missing"),
        (r#"{"b_one":{"size":1}}"#, "{}", "b_one: the configured block expected, not null"),
        ("{}", r#"{"b_one":{"size":1}}"#, "b_one: null expected, for no block is configured"),
        (r#"{"b_list":[{"size":1}]}"#, r#"{"b_list":["?"]}"#, "b_list[0]: a block expected, not an unknown value"),
    ];
    for (config, plan, message) in broken {
        check_plan("null", config, plan, &format!("7 {message}"));
    }
    let unknown = "7 b_list: blocks expected, not an unknown value: only attributes inside a block can be unknown";
    check_plan("null", "{}", r#"{"b_list":"?"}"#, unknown);
    let early = "7 b_list: an unknown value expected, for the configuration does not know the blocks yet";
    check_plan("null", r#"{"b_list":"?"}"#, r#"{"b_list":[]}"#, early);
    check_plan("null", r#"{"b_set":[{"size":1}]}"#, r#"{"b_set":[{"size":1,"code":"?"}]}"#, "");
}

#[test]
fn rule_8_replace_paths_exist() {
    let (prior, plan) = (object(r#"{"zones":["a"]}"#), object(r#"{"any":{"type":"string","value":"x"}}"#));
    let paths = |path: Path| told(&planned(&schema(), &prior, &plan, &plan, &[path]));
    for there in [Path::of("name"), Path::of("zones").index(0), Path::of("any"), Path::root()] {
        assert_eq!(paths(there), "");
    }
    let missing = "the path needs a new object but leads to nothing, neither before nor after the change";
    assert_eq!(paths(Path::of("zones").index(1)), format!("8 zones[1]: {missing}"));
    assert_eq!(paths(Path::of("nothing")), format!("8 nothing: {missing}"));
    let created = planned(&schema(), &Value::Null, &plan, &plan, &[Path::of("nothing")]);
    assert_eq!(told(&created), "", "nothing is replaced by a creation");
}

#[test]
fn rule_10_the_second_plan_agrees_with_the_first() {
    let check = |first: (Action, &str), second: (Action, &str), expected: &str| {
        let (before, after) = (object(first.1), object(second.1));
        assert_eq!(told(&replanned(&schema(), (first.0, &before), (second.0, &after))), expected);
    };
    let (unknown, known, other) = (r#"{"note":"?","id":"?"}"#, r#"{"note":"a","id":"?"}"#, r#"{"note":"b","id":"?"}"#);
    check((Action::Create, unknown), (Action::Create, known), "");
    check((Action::Update, unknown), (Action::NoOp, known), "");
    check((Action::Create, known), (Action::Create, other), r#"10 note: the planned "a" expected, not "b""#);
    check((Action::Create, known), (Action::Create, unknown), "10 note: the value was known, and is now unknown");
    let action = "10 (root): the action was planned as no-op, and is now update";
    check((Action::NoOp, known), (Action::Update, known), action);
    let action = "10 (root): the action was planned as update, and is now replace";
    check((Action::Update, known), (Action::Replace, known), action);
}

#[test]
fn rule_10_a_second_plan_may_narrow_what_is_unknown_but_not_leave_it() {
    let number = |number| Some((Number::from(number), true));
    let unknown = |refinement| Value::Unknown(Some(Box::new(refinement)));
    let within = |min, max| unknown(Refinement { min: number(min), max: number(max), ..Refinement::default() });
    let sized = |min, max| Refinement { min_length: Some(min), max_length: Some(max), ..Refinement::default() };
    let prefixed = |prefix: &str| unknown(Refinement { prefix: Some(prefix.into()), ..Refinement::default() });
    let null = |null| unknown(Refinement { null: Some(null), ..Refinement::default() });
    let cases = [
        (within(1, 3), within(2, 9), true),
        (within(1, 3), within(3, 9), true),
        (within(1, 3), within(4, 9), false),
        (within(4, 9), within(1, 3), false),
        (prefixed("ab"), prefixed("a"), true),
        (prefixed("ab"), prefixed("b"), false),
        (unknown(sized(1, 2)), unknown(sized(2, 3)), true),
        (unknown(sized(1, 2)), unknown(sized(3, 4)), false),
        (unknown(sized(2, 2)), Value::set([Value::UNKNOWN]), false),
        (unknown(sized(1, 1)), Value::set([Value::UNKNOWN, 1.into()]), true),
        (null(true), Value::UNKNOWN, false),
        (null(true), null(false), false),
        (null(false), Value::UNKNOWN, true),
    ];
    for (first, second, agrees) in cases {
        let plans = (with("ports", first.clone()), with("ports", second.clone()));
        let found = replanned(&schema(), (Action::Create, &plans.0), (Action::Create, &plans.1));
        assert_eq!(found.is_empty(), agrees, "{first:?} then {second:?}: {found:?}");
    }
}

#[test]
fn rule_11_what_is_applied_conforms_and_is_known() {
    check_apply(
        "{}",
        r#"{"id":"?","list":[{"size":"?"}],"any":"?"}"#,
        "11 any: a known value expected, not an unknown one\n\
        11 id: a known value expected, not an unknown one\n11 list[0].size: a known value expected, not an unknown one",
    );
    let inside = Value::Dynamic(Box::new((Type::Tuple(vec![Type::String]), Value::List(vec![Value::UNKNOWN]))));
    check_values("any", Value::UNKNOWN, inside, "11 any[0]: a known value expected, not an unknown one");
    check_apply("{}", r#"{"secret":"s"}"#, "11 secret: the rule does not hold for this sensitive value");
    let wrong = applied(&schema(), &object("{}"), &Value::map([("name", Value::from(true))]), true);
    assert_eq!(told(&wrong), "11 any: any expected, not a missing attribute");
}

#[test]
fn rule_12_what_was_planned_is_applied() {
    check_apply(r#"{"note":"a","id":"?"}"#, r#"{"note":"a","id":"i"}"#, "");
    check_apply(r#"{"note":"a"}"#, r#"{"note":"b"}"#, r#"12 note: the planned "a" expected, not "b""#);
    check_apply(r#"{"note":"a"}"#, "{}", r#"12 note: the planned "a" expected, not null"#);
    check_apply("{}", r#"{"note":"a"}"#, r#"12 note: the planned null expected, not "a""#);
    check_apply(r#"{"one":{"size":1}}"#, r#"{"one":{"size":2}}"#, "12 one.size: the planned 1 expected, not 2");
    check_apply(r#"{"b_one":{"size":1}}"#, r#"{"b_one":{"size":2}}"#, "12 b_one.size: the planned 1 expected, not 2");
    check_apply(
        r#"{"pair":["a",true]}"#,
        r#"{"pair":["a",false]}"#,
        "12 pair[1]: the planned true expected, not false",
    );
}

#[test]
fn rule_12_unknown_values_stay_within_what_was_promised() {
    let unknown = |known| Value::Unknown(Some(Box::new(known)));
    let prefix = unknown(Refinement { null: Some(false), prefix: Some("arn:".into()), ..Refinement::default() });
    check_values("note", prefix.clone(), "arn:x".into(), "");
    let told = "12 note: a value that is not null and begins with \"arn:\" expected, as planned, not";
    check_values("note", prefix.clone(), "x".into(), &format!("{told} \"x\""));
    check_values("note", prefix, Value::Null, &format!("{told} null"));
    let few = unknown(Refinement { max_length: Some(1), ..Refinement::default() });
    check_values("zones", few.clone(), Value::List(vec!["a".into()]), "");
    let two = Value::List(vec!["a".into(), "b".into()]);
    check_values("zones", few, two, "12 zones: a value that has 1 or fewer elements expected, as planned, not a list");
}

#[test]
fn rule_12_dynamic_values_keep_their_type() {
    let dynamic = |ty, value| Value::Dynamic(Box::new((ty, value)));
    let (text, flag) = (dynamic(Type::String, "a".into()), dynamic(Type::Bool, true.into()));
    check_values("any", text.clone(), text.clone(), "");
    check_values("any", Value::UNKNOWN, flag.clone(), "");
    check_values("any", Value::Null, flag.clone(), "");
    check_values("any", text.clone(), flag.clone(), "12 any: the planned type string expected, not bool");
    check_values("any", dynamic(Type::String, Value::UNKNOWN), text.clone(), "");
    check_values(
        "any",
        dynamic(Type::String, Value::UNKNOWN),
        flag,
        "12 any: the planned type string expected, not bool",
    );
    check_values("any", text, Value::Null, r#"12 any: the planned "a" expected, not null"#);
}

#[test]
fn rule_13_elements_neither_vanish_nor_appear() {
    let broken = [
        (r#"{"zones":["a"]}"#, r#"{"zones":[]}"#, "zones: 1 elements were planned, not 0"),
        (r#"{"tags":{"k":"a"}}"#, r#"{"tags":{}}"#, "tags: the planned key \"k\" has vanished"),
        (r#"{"tags":{}}"#, r#"{"tags":{"k":"a"}}"#, "tags: the key \"k\" has appeared"),
        (r#"{"ports":[1,2]}"#, r#"{"ports":[1]}"#, "ports: the planned element 2 has vanished"),
        (r#"{"ports":[1]}"#, r#"{"ports":[1,2]}"#, "ports: the element 2 has appeared"),
        (r#"{"ports":["?"]}"#, r#"{"ports":[1,2]}"#, "ports: at most 1 elements were planned, not 2"),
        (r#"{"b_list":[]}"#, r#"{"b_list":[{"size":1}]}"#, "b_list: 0 blocks were planned, not 1"),
        (r#"{"b_map":{}}"#, r#"{"b_map":{"k":{"size":1}}}"#, "b_map: the key \"k\" has appeared"),
        (r#"{"b_set":[{"size":1}]}"#, r#"{"b_set":[]}"#, "b_set: the planned element a map or object has vanished"),
        ("{}", r#"{"b_one":{"size":1}}"#, "b_one: the object was absent, and is now present"),
        (r#"{"b_one":{"size":1}}"#, "{}", "b_one: the object was present, and is now absent"),
    ];
    for (plan, apply, message) in broken {
        check_apply(plan, apply, &format!("13 {message}"));
    }
    check_apply(r#"{"ports":[1,"?","?"]}"#, r#"{"ports":[1,2]}"#, "");
    check_apply(r#"{"b_set":[{"size":1},{"size":"?"}]}"#, r#"{"b_set":[{"size":1}]}"#, "");
    check_apply(r#"{"tags":"?","b_list":"?","b_one":"?"}"#, r#"{"tags":{"k":"a"},"b_list":[{"size":1}]}"#, "");
}

#[test]
fn rule_14_a_destruction_gives_null_and_nothing_else_does() {
    check_apply("null", "null", "");
    check_apply("null", "{}", "14 (root): null expected after a destruction, not an object");
    check_apply("{}", "null", "14 (root): an object expected, not null");
}

#[test]
fn rules_12_to_14_do_not_hold_for_an_answer_with_errors() {
    let failed = |plan, apply| told(&applied(&schema(), &object(plan), &object(apply), true));
    assert_eq!(failed(r#"{"note":"a"}"#, "{}"), "");
    assert_eq!(failed("{}", "null"), "");
    assert_eq!(failed("{}", r#"{"id":"?"}"#), "11 id: a known value expected, not an unknown one");
}

#[test]
fn rules_15_to_18_hold_for_states_from_elsewhere() {
    let (schema, good, unknown) = (schema(), object("{}"), object(r#"{"id":"?"}"#));
    let missing = "an object expected, not null";
    assert_eq!(told(&read(&schema, &good)) + &told(&read(&schema, &Value::Null)), "");
    assert_eq!(told(&read(&schema, &unknown)), "15 id: a known value expected, not an unknown one");
    assert_eq!(told(&data_read(&schema, &Value::Null)), format!("15 (root): {missing}"));
    assert_eq!(told(&upgraded(&schema, &good)), "");
    assert_eq!(told(&upgraded(&schema, &Value::Null)), format!("16 (root): {missing}"));
    assert_eq!(told(&moved(&schema, &unknown)), "18 id: a known value expected, not an unknown one");
    let object = |type_name: &str, state: &Value| ImportedObject {
        type_name: type_name.to_owned(),
        state: state.clone(),
        private: Vec::new(),
    };
    let import = |objects: &[ImportedObject]| told(&imported(&schema, "t", objects));
    assert_eq!(import(&[object("t", &good)]), "");
    assert_eq!(import(&[]), "17 (root): one object expected, not 0");
    assert_eq!(import(&[object("t", &good), object("t", &good)]), "17 (root): one object expected, not 2");
    assert_eq!(import(&[object("u", &good)]), r#"17 (root): an object of type "t" expected, not of "u""#);
    assert_eq!(import(&[object("t", &Value::Null)]), format!("17 (root): {missing}"));
}

#[test]
fn sensitive_values_are_never_told() {
    let hidden = "the rule does not hold for this sensitive value";
    let changed = [
        (r#"{"token":{"key-1":"value-1"}}"#, r#"{"token":{"key-2":"value-2"}}"#, format!("13 token: {hidden}")),
        (r#"{"token":{"key-1":"value-1"}}"#, r#"{"token":{"key-1":"value-2"}}"#, format!("12 token: {hidden}")),
        (
            r#"{"b_list":[{"size":1,"pass":"value-1"}]}"#,
            r#"{"b_list":[{"size":1,"pass":"value-2"}]}"#,
            format!("12 b_list[0].pass: {hidden}"),
        ),
    ];
    for (plan, apply, expected) in changed {
        check_apply(plan, apply, &expected);
    }
    let (plan, apply) = (r#"{"set":[{"size":1,"pass":"value-1"}]}"#, r#"{"set":[{"size":1,"pass":"value-2"}]}"#);
    let found = applied(&schema(), &object(plan), &object(apply), false);
    assert!(!told(&found).contains("value-") && !format!("{found:?}").contains("value-"), "{found:?}");
    let config = r#"{"token":{"key-1":"value-1"}}"#;
    check_plan("null", config, "{}", &format!("3 token: {hidden}"));
}

#[test]
fn long_texts_are_shortened() {
    let long = "x".repeat(500);
    let found = told(&applied(&schema(), &object(&format!(r#"{{"note":"{long}"}}"#)), &object("{}"), false));
    assert!(found.ends_with("(502 characters) expected, not null") && found.len() < 300, "{found}");
}

#[test]
fn a_number_is_the_same_in_every_spelling() {
    let number = |text: &str| Value::Number(text.parse::<Number>().expect("a number"));
    check_values("ports", Value::set([number("1.50")]), Value::set([number("1.5")]), "");
}

/// The sample without dynamic attributes, whose null promises nothing.
fn without_dynamic() -> crate::Schema {
    let mut schema = schema();
    schema.block.attributes.remove("any");
    schema
}

proptest! {
    #[test]
    fn strategies_give_what_they_promise(
        prior in arbitrary::prior(&schema()),
        config in arbitrary::config(&schema(), 0.3),
        known in arbitrary::config(&schema(), 0.0),
    ) {
        prop_assert_eq!(read(&schema(), &prior), []);
        prop_assert_eq!(schema().ty().check(&config), Ok(()));
        prop_assert!(known.is_wholly_known());
    }

    #[test]
    fn a_resolved_configuration_is_one_that_was_promised(
        (config, resolved) in arbitrary::config(&schema(), 0.3).prop_flat_map(|config| {
            let resolved = arbitrary::resolved(&schema(), &config);
            (Just(config), resolved)
        })
    ) {
        prop_assert!(resolved.is_wholly_known());
        let found = replanned(&schema(), (Action::Create, &config), (Action::Create, &resolved));
        prop_assert_eq!(found, []);
    }

    #[test]
    fn a_known_plan_allows_one_result(
        plan in arbitrary::prior(&without_dynamic()),
        other in arbitrary::prior(&without_dynamic()),
    ) {
        let schema = without_dynamic();
        prop_assert_eq!(applied(&schema, &plan, &plan, false), []);
        prop_assert_eq!(applied(&schema, &plan, &other, false).is_empty(), plan == other);
    }

    #[test]
    fn every_change_of_one_value_is_found(
        plan in arbitrary::prior(&without_dynamic()),
        other in arbitrary::prior(&without_dynamic()),
        name in proptest::sample::select(without_dynamic().block.attributes.into_keys().collect::<Vec<_>>()),
    ) {
        let Value::Map(mut members) = plan.clone() else { panic!("an object") };
        members.insert(name.clone(), other.member(&name).clone());
        let found = applied(&without_dynamic(), &plan, &Value::Map(members), false);
        prop_assert_eq!(found.is_empty(), plan.member(&name) == other.member(&name));
        let attribute = Step::Attribute(name);
        prop_assert!(found.iter().all(|violation| violation.path.steps().first() == Some(&attribute)));
    }
}
