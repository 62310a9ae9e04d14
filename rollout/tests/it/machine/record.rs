//! The written form of the state.

use std::path::Path;

use rollout::Span;
use rollout::machine::{Action, Event};
use rollout::plan::Limits;
use rollout::plan::canary::{CanaryOptions, compile};
use rollout::record::{Error, read, write};

use super::script::gate;
use super::world::World;

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/record-1.json")
}

/// A state with something in every field: v1 is kept, v2 is stable, v3 was aborted, and v4 is half-way up and paused.
fn rich() -> World {
    let limits = Limits { gates: vec![gate("errors")], retain: Span::from_mins(60), ..Limits::default() };
    let plan = compile(&CanaryOptions::default(), limits).unwrap();
    let mut world = World::new(4, 2);
    for version in ["v1", "v2", "v3", "v4"] {
        world.start_with(version, &plan, Some("token"), false).unwrap();
        (0..5).for_each(|_| world.round(1_000));
        match version {
            "v2" => world.send(Event::Operator(Action::PromoteFull)).unwrap(),
            "v3" => world.send(Event::Operator(Action::Abort)).unwrap(),
            "v4" => world.send(Event::Operator(Action::Pause)).unwrap(),
            _ => {}
        }
        (0..5).for_each(|_| world.round(1_000));
    }
    world
}

#[test]
fn a_record_of_version_1_is_read_and_the_rollout_goes_on() {
    let state = rich().state;
    if std::env::var_os("UPDATE_STORIES").is_some() {
        std::fs::write(example(), write(&state)).unwrap();
    }
    let read = read(&std::fs::read(example()).unwrap()).unwrap();
    assert_eq!(read.view(), state.view());
    let mut world = rich();
    world.state = read;
    world.restart(false);
    world.round(1_000);
    world.send(Event::Operator(Action::PromoteFull)).unwrap();
    (0..5).for_each(|_| world.round(1_000));
    assert_eq!(world.state.view().stable.unwrap().as_str(), "v4");
}

#[test]
fn what_is_no_record_of_this_version_says_so() {
    let later = String::from_utf8(write(&rich().state)).unwrap().replacen(":1,", ":2,", 1);
    assert!(matches!(read(later.as_bytes()), Err(Error::Version(2))));
    let message = read(later.as_bytes()).unwrap_err().to_string();
    assert!(message.starts_with("the record has version 2, and this release knows version 1: "), "{message}");
    for text in ["", "{}", "[]", "{\"version\":1}", "{\"version\":1,\"state\":{}}", "{\"version\":\"x\"}"] {
        assert!(matches!(read(text.as_bytes()), Err(Error::Malformed(_))), "{text}");
    }
}
