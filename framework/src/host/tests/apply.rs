//! Applying: what is asked again, what is recorded after success and failure, and what is not accepted.

use proptest::prelude::*;

use super::double::*;
use crate::conformance::sample::object;
use crate::conformance::{Rule, arbitrary};
use crate::host::{Action, ApplyError, Error, Host, Object, Outcome, config_value};
use crate::provider::Applied;
use crate::{Fault, Value};

/// Plans from `prior` ("null" is none) to `config` ("null" is a destruction) and applies that.
#[track_caller]
fn apply(bend: Bend, prior: &str, config: &str) -> Outcome {
    let (host, _) = host(bend);
    let (prior, config) = (Some(recorded(prior)).filter(|object| !object.value.is_null()), object(config));
    pollster::block_on(async {
        let change = match &prior {
            Some(prior) if config.is_null() => host.plan_destroy("thing", prior).await.expect("a plan"),
            prior => host.plan("thing", prior.as_ref(), &config).await.expect("a plan"),
        };
        host.apply(&change, &config).await.expect("an outcome")
    })
}

/// The outcome of an answer to an update from note `a` to note `b` that `bent` changed.
#[track_caller]
fn updated(bent: fn(&mut Applied)) -> Outcome {
    apply(Bend { apply: Some(bent), ..Bend::default() }, r#"{"id":"i","note":"a"}"#, r#"{"note":"b"}"#)
}

/// The same for the creation of an object with note `b`.
#[track_caller]
fn created(bent: fn(&mut Applied)) -> Outcome {
    apply(Bend { apply: Some(bent), ..Bend::default() }, "null", r#"{"note":"b"}"#)
}

/// The same for a destruction.
#[track_caller]
fn destroyed(bent: fn(&mut Applied)) -> Outcome {
    apply(Bend { apply: Some(bent), ..Bend::default() }, r#"{"id":"i"}"#, "null")
}

#[test]
fn an_object_is_created_updated_and_destroyed() {
    let object = created(|_| {}).object.expect("an object");
    assert_eq!((object.value.member("id"), object.private.as_slice()), (&"made".into(), b"applied".as_slice()));
    assert!(!object.tainted);
    let object = updated(|_| {}).object.expect("an object");
    assert_eq!((object.value.member("id"), object.value.member("note")), (&"i".into(), &"b".into()));
    assert_eq!(destroyed(|_| {}), Outcome { object: None, diagnostics: crate::Diagnostics::new() });
}

#[test]
fn a_change_is_validated_and_planned_again_with_known_values() {
    let (host, double) = host(Bend::default());
    let outcome = pollster::block_on(async {
        let change = host.plan("thing", None, &object(r#"{"note":"?"}"#)).await.expect("a plan");
        double.asked();
        host.apply(&change, &object(r#"{"note":"b"}"#)).await.expect("an outcome")
    });
    assert_eq!(outcome.object.expect("an object").value.member("note"), &"b".into());
    assert_eq!(
        double.asked(),
        "validate\nplan prior=null private=\napply prior=null planned=\"n\" config=\"n\" private=planned"
    );
}

#[test]
fn an_update_that_turns_out_to_be_nothing_is_not_asked_for() {
    let (host, double) = host(Bend::default());
    let prior = recorded(r#"{"id":"i","region":"r","auto":[],"note":"a"}"#);
    let outcome = pollster::block_on(async {
        let change = host.plan("thing", Some(&prior), &object(r#"{"note":"?"}"#)).await.expect("a plan");
        assert_eq!(change.action, Action::Update);
        host.apply(&change, &object(r#"{"note":"a"}"#)).await.expect("an outcome")
    });
    assert_eq!(outcome.object, Some(prior));
    assert!(!double.asked().contains("apply"));
}

#[test]
fn a_configuration_that_is_not_known_is_not_applied() {
    let (host, double) = host(Bend::default());
    let config = object(r#"{"note":"?"}"#);
    let result = pollster::block_on(async {
        let change = host.plan("thing", None, &config).await.expect("a plan");
        double.asked();
        host.apply(&change, &config).await
    });
    let Err(ApplyError::NotStarted(Error::Refused(diagnostics))) = result else { panic!("{result:?}") };
    assert_eq!(diagnostics.to_string().lines().next(), Some("error: note: The configuration is not known yet"));
    assert_eq!(double.asked(), "");
}

#[test]
fn a_second_plan_that_disagrees_is_not_applied() {
    let bend = Bend {
        plan: Some(|request, answer| {
            let id = if request.config.is_wholly_known() { "late" } else { "early" };
            set(&mut answer.state, "id", id.into());
        }),
        ..Bend::default()
    };
    let (host, double) = host(bend);
    let result = pollster::block_on(async {
        let change = host.plan("thing", None, &object(r#"{"note":"?"}"#)).await.expect("a plan");
        host.apply(&change, &object(r#"{"note":"b"}"#)).await
    });
    let Err(ApplyError::NotStarted(Error::Refused(diagnostics))) = result else { panic!("{result:?}") };
    assert_blamed(&diagnostics, Rule::PlanAgain);
    assert!(!double.asked().contains("apply"));
}

#[test]
fn a_replacement_is_applied_in_halves() {
    let (host, double) = host(Bend::default());
    let config = object(r#"{"name":"m"}"#);
    pollster::block_on(async {
        let change = host.plan("thing", Some(&recorded("{}")), &config).await.expect("a plan");
        let whole = host.apply(&change, &config).await;
        assert!(matches!(whole, Err(ApplyError::NotStarted(Error::Refused(_)))), "{whole:?}");
        double.asked();
        let whole = host.perform(&change, &config).await.expect("an outcome");
        assert!(whole.diagnostics.has_errors() && whole.object == change.prior && double.asked().is_empty());
        assert_eq!(host.apply(&change.deletion(), &config).await.expect("an outcome").object, None);
        let asked = "apply prior=\"n\" planned=null config=null private=planned";
        assert_eq!(double.asked(), asked);
        let made = host.apply(&change.creation(), &config).await.expect("an outcome").object.expect("an object");
        assert_eq!(made.value.member("name"), &"m".into());
    });
}

#[test]
fn an_answer_that_never_came_leaves_it_open_what_happened() {
    let lost = Fault::Transport { sent: true, reason: "gone".into() };
    for (request, expected) in
        [("apply", ApplyError::Lost(lost.clone())), ("validate", ApplyError::NotStarted(Error::Fault(lost.clone())))]
    {
        let change = pollster::block_on(host(Bend::default()).0.plan("thing", None, &object("{}"))).expect("a plan");
        let (host, _) = host(Bend { fault: Some((request, lost.clone())), ..Bend::default() });
        assert_eq!(pollster::block_on(host.apply(&change, &object("{}"))), Err(expected));
    }
}

#[test]
fn a_failed_creation_taints_what_it_made() {
    let outcome = created(|answer| {
        answer.diagnostics = error();
        set(&mut answer.state, "region", Value::Null);
    });
    let object = outcome.object.expect("an object");
    assert_eq!((object.tainted, object.private.as_slice()), (true, b"applied".as_slice()));
    assert_eq!(outcome.diagnostics, error());
}

#[test]
fn a_failed_creation_that_made_nothing_records_nothing() {
    let outcome = created(|answer| (answer.diagnostics, answer.state) = (error(), Value::Null));
    assert_eq!(outcome, Outcome { object: None, diagnostics: error() });
}

#[test]
fn a_failed_update_records_what_it_reached() {
    let outcome = updated(|answer| {
        answer.diagnostics = error();
        set(&mut answer.state, "note", "half".into());
    });
    let object = outcome.object.expect("an object");
    assert_eq!((object.value.member("note"), object.tainted), (&"half".into(), false));
    assert_eq!(object.private, b"applied");
}

#[test]
fn a_failure_that_says_nothing_keeps_what_was_recorded() {
    let outcome = updated(|answer| (answer.diagnostics, answer.state) = (error(), Value::Null));
    assert_eq!(outcome.object, Some(recorded(r#"{"id":"i","note":"a"}"#)));
    let outcome = destroyed(|answer| (answer.diagnostics, answer.state) = (error(), Value::Null));
    assert_eq!(outcome.object, Some(recorded(r#"{"id":"i"}"#)));
}

#[test]
fn what_is_unknown_after_a_failure_becomes_null() {
    let outcome = created(|answer| {
        answer.diagnostics = error();
        set(&mut answer.state, "zones", Value::List(vec!["a".into(), Value::UNKNOWN]));
    });
    let object = outcome.object.expect("an object");
    assert_eq!(object.value.member("zones"), &Value::List(vec!["a".into(), Value::Null]));
    assert_eq!(outcome.diagnostics.iter().count(), 2, "{}", outcome.diagnostics);
}

#[test]
fn misbehaviour_is_named_and_what_can_be_recorded_is() {
    let outcome = created(|answer| set(&mut answer.state, "id", Value::UNKNOWN));
    assert_blamed(&outcome.diagnostics, Rule::AppliedConforms);
    assert_eq!(
        outcome.object.map(|object| (object.value.member("id").clone(), object.tainted)),
        Some((Value::Null, true))
    );
    let outcome = created(|answer| set(&mut answer.state, "secret", "s".into()));
    assert_blamed(&outcome.diagnostics, Rule::AppliedConforms);
    assert_eq!(outcome.object.expect("an object").value.member("secret"), &Value::Null);
    let outcome = updated(|answer| answer.state = "text".into());
    assert_blamed(&outcome.diagnostics, Rule::AppliedConforms);
    assert_eq!(outcome.object, Some(recorded(r#"{"id":"i","note":"a"}"#)));
    let outcome = updated(|answer| set(&mut answer.state, "note", "other".into()));
    assert_blamed(&outcome.diagnostics, Rule::AppliedKeepsPlan);
    assert_eq!(outcome.object.expect("an object").value.member("note"), &"other".into());
    let outcome = updated(|answer| set(&mut answer.state, "b_list", Value::List(vec![Value::Null])));
    assert_blamed(&outcome.diagnostics, Rule::AppliedElements);
    let outcome = updated(|answer| answer.state = Value::Null);
    assert_blamed(&outcome.diagnostics, Rule::AppliedPresence);
    assert!(outcome.object.is_some());
    let outcome = destroyed(|answer| answer.state = object("{}"));
    assert_blamed(&outcome.diagnostics, Rule::AppliedPresence);
    assert!(outcome.object.is_some());
}

#[test]
fn old_sdks_are_forgiven_what_core_forgives() {
    let outcome = updated(|answer| {
        answer.legacy = true;
        set(&mut answer.state, "note", "other".into());
    });
    assert!(outcome.diagnostics.is_empty(), "{}", outcome.diagnostics);
}

/// The sample without sets of objects, whose pairing with the prior state is a guess that can merge two elements.
fn without_sets() -> Bend {
    Bend { schemas: Some(|schemas| schemas.resources.values_mut().for_each(drop_sets)), ..Bend::default() }
}

fn drop_sets(schema: &mut crate::Schema) {
    schema.block.attributes.remove("set");
    schema.block.blocks.remove("b_set");
}

/// Takes an object from `prior` to `config`, which becomes `resolved`, whatever that takes.
async fn settle(host: &Host, prior: Option<&Object>, config: &Value, resolved: &Value) -> Object {
    let change = host.plan("thing", prior, config).await.expect("a plan");
    let change = if change.action == Action::Replace {
        let outcome = host.apply(&change.deletion(), resolved).await.expect("an outcome");
        assert_eq!(outcome, Outcome { object: None, diagnostics: crate::Diagnostics::new() });
        change.creation()
    } else {
        change
    };
    let outcome = host.apply(&change, resolved).await.expect("an outcome");
    assert!(outcome.diagnostics.is_empty(), "{}", outcome.diagnostics);
    outcome.object.expect("an object")
}

proptest! {
    #[test]
    fn whoever_keeps_the_rules_is_never_blamed(
        (prior, config, resolved) in {
            let mut schema = crate::conformance::sample::schema();
            drop_sets(&mut schema);
            let configs = arbitrary::config(&schema, 0.2);
            (proptest::option::of(arbitrary::prior(&schema)), configs).prop_flat_map(move |(prior, config)| {
                let resolved = arbitrary::resolved(&schema, &config);
                (Just(prior), Just(config), resolved)
            })
        },
        tainted: bool,
    ) {
        let (host, _) = host(without_sets());
        let prior = prior.map(|value| Object { value, private: Vec::new(), tainted });
        let again = pollster::block_on(async {
            let object = settle(&host, prior.as_ref(), &config, &resolved).await;
            host.plan("thing", Some(&object), &resolved).await.expect("a plan")
        });
        prop_assert_eq!(again.action, Action::NoOp);
    }
}

#[test]
fn a_made_configuration_goes_all_the_way() {
    let (host, _) = host(Bend::default());
    let config = config_value(&host.schemas().resources["thing"], [("name".to_owned(), "n".into())]);
    let config = config.expect("a configuration");
    let object = pollster::block_on(settle(&host, None, &config, &config));
    assert_eq!(object.value.member("b_list"), &Value::List(vec![]));
}
