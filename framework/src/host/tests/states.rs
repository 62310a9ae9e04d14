//! States that are stored, read, imported and moved, data sources, and the provider's own configuration.

use super::double::*;
use crate::conformance::Rule;
use crate::conformance::sample::object;
use crate::host::{Host, Object, Stored};
use crate::{Diagnostic, Value};

fn stored(version: i64, json: &str) -> Stored {
    Stored { version, json: json.into(), private: b"recorded".to_vec(), tainted: true }
}

#[test]
fn a_provider_without_schemas_does_not_start() {
    let bend = Bend { schemas: Some(|schemas| schemas.diagnostics = error()), ..Bend::default() };
    let double = std::sync::Arc::new(Double::new(bend));
    assert_eq!(refused(pollster::block_on(Host::start("double", double)).map(|_| ())), error());
}

#[test]
fn the_provider_is_configured_once_its_configuration_is_valid() {
    let (host, double) = host(Bend::default());
    let warnings = pollster::block_on(host.configure(Value::map::<&str>([]), "1.2.3")).expect("warnings");
    assert!(warnings.is_empty());
    host.stop();
    assert_eq!(double.asked(), "validate\nconfigure 1.2.3\nstop");
}

#[test]
fn what_was_stored_is_upgraded_at_every_version() {
    let (host, double) = host(Bend::default());
    let object = recorded(r#"{"id":"i"}"#);
    let stored = host.store("thing", &object).expect("a stored form");
    assert_eq!(pollster::block_on(host.upgrade("thing", &stored)).expect("an object").value, object);
    assert!(double.asked().starts_with("upgrade 3 {"));
}

#[test]
fn attributes_that_are_gone_are_left_out_at_the_same_version_only() {
    let json = r#"{"gone":1,"list":[{"gone":1,"size":2}],"name":"n"}"#;
    for (version, sent) in [(3, r#"{"list":[{"size":2}],"name":"n"}"#), (2, json)] {
        let (host, double) = host(Bend::default());
        let upgraded = pollster::block_on(host.upgrade("thing", &stored(version, json))).expect("an object").value;
        assert_eq!(double.asked(), format!("upgrade {version} {sent}"));
        assert_eq!((upgraded.private.as_slice(), upgraded.tainted), (b"recorded".as_slice(), true));
    }
}

#[test]
fn a_newer_state_is_refused() {
    let (host, double) = host(Bend::default());
    let refused = refused(pollster::block_on(host.upgrade("thing", &stored(4, "{}"))));
    assert_eq!(
        refused.to_string(),
        "error: Stored by a newer provider\nThe object was stored under version 4 of thing, and this release of \
         provider double knows version 3. Use the release that stored it, or a newer one."
    );
    assert_eq!(double.asked(), "");
}

#[test]
fn a_state_that_is_not_known_is_not_stored() {
    let (host, _) = host(Bend::default());
    let refused = refused(host.store("thing", &recorded(r#"{"id":"?"}"#)));
    assert!(refused.to_string().starts_with("error: The state cannot be stored"));
}

#[test]
fn an_object_is_read() {
    let (host, double) = host(Bend::default());
    let tainted = Object { tainted: true, ..recorded("{}") };
    let found = pollster::block_on(host.refresh("thing", &tainted)).expect("an answer").value.expect("an object");
    assert_eq!(found, Object { private: b"read".to_vec(), ..tainted });
    assert_eq!(double.asked(), "read \"n\" private=recorded");
}

#[test]
fn an_object_that_is_gone_is_nothing() {
    let (host, _) = host(Bend { read: Some(|answer| answer.state = Value::Null), ..Bend::default() });
    assert_eq!(pollster::block_on(host.refresh("thing", &recorded("{}"))).expect("an answer").value, None);
}

#[test]
fn null_in_place_of_blocks_is_read_as_no_blocks() {
    let bend = Bend {
        read: Some(|answer| {
            for name in ["b_group", "b_list", "b_set", "b_map"] {
                set(&mut answer.state, name, Value::Null);
            }
        }),
        ..Bend::default()
    };
    let found = pollster::block_on(host(bend).0.refresh("thing", &recorded("{}"))).expect("an answer").value;
    assert_eq!(found.expect("an object").value, object("{}"));
}

#[test]
fn an_import_is_read_at_once() {
    let (host, double) = host(Bend::default());
    let object = pollster::block_on(host.import("thing", "x")).expect("an object").value;
    assert_eq!((object.value.member("id"), object.private.as_slice()), (&"x".into(), b"read".as_slice()));
    assert_eq!(double.asked(), "import x\nread \"n\" private=imported");
}

#[test]
fn an_import_of_nothing_is_refused() {
    let (host, _) = host(Bend { read: Some(|answer| answer.state = Value::Null), ..Bend::default() });
    let refused = refused(pollster::block_on(host.import("thing", "x")));
    let expected = "error: Nothing to import\nThere is no thing \"x\" to import. Check the id, or create it instead.";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn an_object_of_another_type_is_taken_over() {
    let (host, double) = host(Bend::default());
    let stored = stored(0, "{}");
    let moving = host.move_state("thing", "registry/other", "file", &stored);
    let object = pollster::block_on(moving).expect("an object").value;
    assert_eq!((object.private.as_slice(), object.tainted), (b"moved".as_slice(), true));
    assert_eq!(double.asked(), "move registry/other file {} recorded");
}

#[test]
fn a_provider_that_cannot_take_over_objects_is_not_asked_to() {
    let (host, double) = host(Bend { cannot_move: true, ..Bend::default() });
    let stored = stored(0, "{}");
    let moving = host.move_state("thing", "registry/other", "file", &stored);
    let expected = "error: Moving between resource types is not supported\nProvider double cannot take over objects of \
                    other types, so a file cannot become a thing. Import the object instead.";
    assert_eq!(refused(pollster::block_on(moving)).to_string(), expected);
    assert_eq!(double.asked(), "");
}

#[test]
fn a_data_source_is_validated_and_read() {
    let (host, double) = host(Bend::default());
    let data = pollster::block_on(host.read_data("look", &object("{}"))).expect("data").value;
    assert_eq!(data.member("id"), &"made".into());
    assert_eq!(double.asked(), "validate\nread_data");
    let refused = refused(pollster::block_on(host.read_data("look", &object(r#"{"note":"?"}"#))));
    assert!(refused.to_string().starts_with("error: note: The configuration is not known yet"), "{refused}");
}

#[test]
fn misbehaviour_is_named() {
    let read = Bend { read: Some(|answer| set(&mut answer.state, "id", Value::UNKNOWN)), ..Bend::default() };
    let answer = pollster::block_on(host(read).0.refresh("thing", &recorded("{}")));
    assert_blamed(&refused(answer), Rule::ReadConforms);
    let upgrade = Bend { upgrade: Some(|answer| answer.state = Value::Null), ..Bend::default() };
    let answer = pollster::block_on(host(upgrade).0.upgrade("thing", &stored(1, "{}")));
    assert_blamed(&refused(answer), Rule::UpgradeConforms);
    let import = Bend { import: Some(|answer| answer.objects.clear()), ..Bend::default() };
    assert_blamed(&refused(pollster::block_on(host(import).0.import("thing", "x"))), Rule::ImportsOne);
    let moved = Bend { moved: Some(|answer| answer.state = Value::Null), ..Bend::default() };
    let answer = pollster::block_on(host(moved).0.move_state("thing", "p", "file", &stored(0, "{}")));
    assert_blamed(&refused(answer), Rule::MoveConforms);
    let data = Bend { data: Some(|answer| answer.state = Value::Null), ..Bend::default() };
    assert_blamed(&refused(pollster::block_on(host(data).0.read_data("look", &object("{}")))), Rule::ReadConforms);
}

#[test]
fn errors_of_the_provider_are_passed_on() {
    let read = Bend { read: Some(|answer| answer.diagnostics = error()), ..Bend::default() };
    assert_eq!(refused(pollster::block_on(host(read).0.refresh("thing", &recorded("{}")))), error());
    let warned =
        Bend { read: Some(|answer| answer.diagnostics = Diagnostic::warning("careful", "").into()), ..Bend::default() };
    let answer = pollster::block_on(host(warned).0.refresh("thing", &recorded("{}"))).expect("an answer");
    assert_eq!(answer.diagnostics.to_string(), "warning: careful");
}
