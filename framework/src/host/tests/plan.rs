//! Planning: what is asked, what comes of it, and what is not accepted.

use super::double::*;
use super::log::logged;
use crate::conformance::Rule;
use crate::conformance::sample::object;
use crate::host::{Action, Change, Object};
use crate::{Diagnostic, Fault, Path, Value};

/// Plans `config` for the recorded `prior`; "null" is none.
fn plan(bend: Bend, prior: &str, config: &str) -> (Result<Change, crate::host::Error>, String) {
    let (host, double) = host(bend);
    let prior = Some(recorded(prior)).filter(|object| !object.value.is_null());
    let change = pollster::block_on(host.plan("thing", prior.as_ref(), &object(config)));
    (change, double.asked())
}

#[test]
fn an_object_that_is_not_there_is_created() {
    let (change, asked) = plan(Bend::default(), "null", r#"{"note":"a"}"#);
    let change = change.expect("a plan");
    assert_eq!((change.action, change.prior, change.private), (Action::Create, None, b"planned".to_vec()));
    assert_eq!((change.planned.member("note"), change.planned.member("id")), (&"a".into(), &Value::UNKNOWN));
    assert_eq!(asked, "validate\nplan prior=null private=");
}

#[test]
fn an_object_that_is_as_configured_is_left_alone() {
    let (change, asked) = plan(Bend::default(), r#"{"id":"i","region":"r","auto":[]}"#, "{}");
    assert_eq!(change.expect("a plan").action, Action::NoOp);
    assert_eq!(asked, "validate\nplan prior=\"n\" private=recorded");
}

#[test]
fn an_object_that_differs_is_updated() {
    let (change, _) = plan(Bend::default(), r#"{"note":"a"}"#, r#"{"note":"b"}"#);
    let change = change.expect("a plan");
    assert_eq!((change.action, change.replace), (Action::Update, vec![]));
}

#[test]
fn an_attribute_that_needs_a_new_object_replaces_it() {
    let (change, asked) = plan(Bend::default(), r#"{"id":"i"}"#, r#"{"name":"m"}"#);
    let change = change.expect("a plan");
    assert_eq!((change.action, change.replace.clone()), (Action::Replace, vec![Path::of("name")]));
    assert_eq!(change.planned.member("id"), &Value::UNKNOWN, "the new object does not inherit from the old");
    assert_eq!(asked, "validate\nplan prior=\"n\" private=recorded\nplan prior=null private=planned");
    let (deletion, creation) = (change.deletion(), change.creation());
    assert_eq!((deletion.action, deletion.planned), (Action::Delete, Value::Null));
    assert_eq!((creation.action, creation.prior), (Action::Create, None));
}

#[test]
fn a_write_only_attribute_can_need_a_new_object_though_no_value_of_it_is_recorded() {
    let bend = Bend { plan: Some(|_, answer| answer.replace = vec![Path::of("secret")]), ..Bend::default() };
    let (change, _) = plan(bend, r#"{"id":"i"}"#, r#"{"secret":"s"}"#);
    assert_eq!(change.expect("a plan").action, Action::Replace);
}

#[test]
fn a_tainted_object_is_planned_as_if_it_were_not_there() {
    let (host, double) = host(Bend::default());
    let tainted = Object { tainted: true, ..recorded(r#"{"id":"i"}"#) };
    let change = pollster::block_on(host.plan("thing", Some(&tainted), &object("{}"))).expect("a plan");
    assert_eq!((change.action, change.replace), (Action::Replace, vec![]));
    assert_eq!(change.prior, Some(tainted));
    assert_eq!(double.asked(), "validate\nplan prior=null private=");
}

#[test]
fn the_plan_of_a_destruction_is_asked_for_only_where_wanted() {
    for wanted in [false, true] {
        let schemas: fn(&mut crate::provider::Schemas) = |schemas| schemas.plans_destroy = true;
        let (host, double) = host(Bend { schemas: wanted.then_some(schemas), ..Bend::default() });
        let change = pollster::block_on(host.plan_destroy("thing", &recorded("{}"))).expect("a plan");
        assert_eq!((change.action, &change.planned), (Action::Delete, &Value::Null));
        let (asked, private): (_, &[u8]) =
            if wanted { ("plan prior=\"n\" private=recorded", b"planned") } else { ("", b"recorded") };
        assert_eq!((double.asked().as_str(), change.private.as_slice()), (asked, private));
    }
}

#[test]
fn a_configuration_that_is_refused_is_not_planned() {
    let bend = Bend { validate: Some(|_, diagnostics| *diagnostics = error()), ..Bend::default() };
    let (change, asked) = plan(bend, "null", "{}");
    assert_eq!(refused(change), error());
    assert_eq!(asked, "validate");
    let (change, asked) = plan(Bend::default(), "{}", "null");
    assert_eq!(refused(change).to_string().lines().next(), Some("error: No configuration"));
    assert_eq!(asked, "");
}

#[test]
fn a_configuration_of_another_type_is_not_shown_to_the_provider() {
    let (host, double) = host(Bend::default());
    let mut config = object("{}");
    set(&mut config, "zones", Value::List(vec!["a".into(), true.into()]));
    let refused = refused(pollster::block_on(host.plan("thing", None, &config)));
    let expected = "error: zones[1]: The configuration does not fit the schema\nstring expected, not a bool.";
    assert_eq!((refused.to_string().as_str(), double.asked().as_str()), (expected, ""));
}

#[test]
fn warnings_come_with_the_plan_once() {
    let bend =
        Bend { plan: Some(|_, answer| answer.diagnostics.push(Diagnostic::warning("careful", ""))), ..Bend::default() };
    let (change, _) = plan(bend, "{}", r#"{"name":"m"}"#);
    assert_eq!(change.expect("a plan").diagnostics.to_string(), "warning: careful");
}

#[test]
fn an_answer_that_never_came_is_a_fault() {
    let fault = Fault::Panicked("oh".into());
    let bend = Bend { fault: Some(("plan", fault.clone())), ..Bend::default() };
    assert_eq!(plan(bend, "null", "{}").0, Err(crate::host::Error::Fault(fault)));
}

#[test]
fn misbehaviour_is_named() {
    type Bent = fn(&crate::provider::Plan, &mut crate::provider::Planned);
    let misbehaviours: [(Rule, Bent); 8] = [
        (Rule::PlanConforms, |_, answer| answer.state = "text".into()),
        (Rule::PlanPresence, |_, answer| answer.state = Value::Null),
        (Rule::PlanKeepsConfig, |_, answer| set(&mut answer.state, "note", "other".into())),
        (Rule::PlanKeepsNull, |_, answer| set(&mut answer.state, "zones", Value::List(vec![]))),
        (Rule::PlanWriteOnly, |request, answer| {
            set(&mut answer.state, "secret", request.config.member("secret").clone());
        }),
        (Rule::PlanNested, |_, answer| set(&mut answer.state, "list", Value::List(vec![]))),
        (Rule::PlanBlocks, |_, answer| set(&mut answer.state, "b_list", Value::Null)),
        (Rule::ReplacePaths, |_, answer| answer.replace.push(Path::of("nothing"))),
    ];
    for (rule, bent) in misbehaviours {
        let config = r#"{"note":"a","secret":"s","list":[{"size":1}]}"#;
        let (change, _) = plan(Bend { plan: Some(bent), ..Bend::default() }, "{}", config);
        assert_blamed(&refused(change), rule);
    }
}

#[test]
fn a_destruction_that_is_planned_as_an_object_is_named() {
    let bend = Bend {
        schemas: Some(|schemas| schemas.plans_destroy = true),
        plan: Some(|request, answer| answer.state = request.prior.clone()),
        ..Bend::default()
    };
    let change = pollster::block_on(host(bend).0.plan_destroy("thing", &recorded("{}")));
    assert_blamed(&refused(change), Rule::PlanPresence);
}

#[test]
fn the_second_plan_of_a_replacement_is_held_to_the_rules_too() {
    let bend = Bend {
        plan: Some(|request, answer| {
            if request.prior.is_null() {
                answer.state = Value::Null;
            }
        }),
        ..Bend::default()
    };
    assert_blamed(&refused(plan(bend, "{}", r#"{"name":"m"}"#).0), Rule::PlanPresence);
}

#[test]
fn old_sdks_are_forgiven_what_core_forgives() {
    let forgiven = Bend {
        plan: Some(|_, answer| {
            answer.legacy = true;
            set(&mut answer.state, "zones", Value::List(vec![]));
        }),
        ..Bend::default()
    };
    let logged = logged(|| assert_eq!(plan(forgiven, "null", "{}").0.expect("a plan").action, Action::Create));
    assert!(logged.starts_with("WARN message=tolerated") && logged.contains("rule 4"), "{logged}");
    let unforgiven = Bend {
        plan: Some(|_, answer| {
            answer.legacy = true;
            answer.state = "text".into();
        }),
        ..Bend::default()
    };
    assert_blamed(&refused(plan(unforgiven, "null", "{}").0), Rule::PlanConforms);
}

#[test]
fn an_unknown_type_is_refused_with_the_known_ones() {
    let change = pollster::block_on(host(Bend::default()).0.plan("think", None, &object("{}")));
    let expected = "error: No such resource type\nProvider double has no resource type \"think\". It has: thing.";
    assert_eq!(refused(change).to_string(), expected);
}
