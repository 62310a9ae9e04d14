//! Timeouts: what is told, what is pending, how the next run recovers.

use std::time::Duration;

use devopsflow::state::Operation;
use devopsflow::{Event, Options, Scope, Timeouts};

use crate::lab::{Lab, add, incomplete, one, refused};
use crate::world::Thing;

fn limited() -> Options {
    let limit = Some(Duration::from_millis(50));
    Options::new().timeouts(Timeouts { create: limit, update: limit, delete: limit })
}

fn program(text: &'static str) -> impl Fn(&mut Scope) -> devopsflow::Result<()> + Send + Sync + 'static {
    move |scope| {
        let one = Thing::new("one", "one").text(text).with(limited()).add(scope)?;
        Thing::new("below", "below").text(one.url).add(scope)?;
        Ok(())
    }
}

/// What is pending, as `operation address`.
fn pending(lab: &Lab) -> Vec<(Operation, String)> {
    let state = lab.stack(|_| Ok(())).state().unwrap();
    state.pending.into_values().map(|pending| (pending.operation, pending.address)).collect()
}

#[tokio::test]
async fn a_create_that_takes_too_long_is_pending_and_found_by_the_next_run() {
    let lab = Lab::locating();
    lab.world.inner().silent.insert("create one".to_owned());
    let (text, report) = incomplete(lab.stack(program("a")).up().await);
    assert!(text.contains("test_thing.one (") && text.contains("it took longer than 0.05 s"), "{text}");
    assert!(text.contains("the next `up` finds out"), "{text}");
    assert_eq!((report.counts.failed, report.counts.skipped), (1, 1));
    assert_eq!(pending(&lab), [(Operation::Create, "test_thing.one".to_owned())]);
    lab.world.inner().silent.clear();
    assert_eq!(lab.up(program("a")).await, ["create below"]);
    assert!(lab.told().contains("it was found, and is recorded"));
    assert_eq!(lab.labels(), ["below", "one"]);
}

#[tokio::test]
async fn where_nobody_can_find_it_a_person_is_told_what_to_do() {
    let lab = Lab::default();
    lab.world.inner().silent.insert("create one".to_owned());
    incomplete(lab.stack(program("a")).up().await);
    let text = refused(lab.stack(program("a")).up().await);
    assert!(text.contains("`import test_thing.one ID`") && text.contains("`state clear-pending 0`"), "{text}");
    lab.stack(program("a")).import("test_thing.one", "1").await.unwrap();
    lab.world.inner().silent.clear();
    assert_eq!(lab.up(program("a")).await, ["create below"]);
    assert_eq!(lab.labels(), ["below", "one"]);
}

#[tokio::test]
async fn an_update_or_removal_that_takes_too_long_is_looked_at_again() {
    let lab = Lab::default();
    lab.up(program("a")).await;
    lab.world.inner().silent.insert("update one".to_owned());
    incomplete(lab.stack(program("b")).up().await);
    assert_eq!(pending(&lab), [(Operation::Update, "test_thing.one".to_owned())]);
    lab.world.inner().silent.clear();
    assert_eq!(lab.up(program("b")).await, [""; 0], "it was done after all");
    assert!(lab.told().contains("it was looked at again"));
    lab.world.inner().silent.insert("delete one".to_owned());
    let (text, _) = incomplete(lab.stack(program("b")).destroy().await);
    assert!(text.contains("it took longer than"), "{text}");
    assert_eq!(pending(&lab), [(Operation::Delete, "test_thing.one".to_owned())]);
    lab.world.inner().silent.clear();
    lab.stack(program("b")).destroy().await.unwrap();
    assert!(lab.stack(|_| Ok(())).state().unwrap().resources.is_empty());
}

#[tokio::test]
async fn the_limit_of_a_removal_is_known_when_nothing_declares_it_any_more() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.with(limited()))).await;
    lab.world.inner().silent.insert("delete one".to_owned());
    let (text, _) = incomplete(lab.stack(|_| Ok(())).up().await);
    assert!(text.contains("it took longer than 0.05 s"), "{text}");
}

#[tokio::test]
async fn a_stop_while_it_is_found_out_what_was_left_ends_that() {
    let lab = Lab::default();
    let program = |text: &'static str| {
        move |scope: &mut Scope| {
            add(scope, Thing::new("one", "one").text(text).with(limited()))?;
            add(scope, Thing::new("two", "two").text(text).with(limited()))
        }
    };
    lab.up(program("a")).await;
    lab.world.inner().silent.extend(["update one".to_owned(), "update two".to_owned()]);
    incomplete(lab.stack(program("b")).up().await);
    assert_eq!(pending(&lab).len(), 2);
    lab.world.inner().silent.clear();
    let stack = lab.stack(program("b"));
    let stopper = stack.stopper();
    let stopping = stack.reporter(move |event| {
        if matches!(event, Event::Refreshed { .. }) {
            stopper.stop();
        }
    });
    let error = stopping.up().await.unwrap_err().to_string();
    assert_eq!(error, "nothing was changed, for the run was stopped");
    assert_eq!(pending(&lab).len(), 1, "the other was not looked at");
    lab.up(program("b")).await;
    assert_eq!(pending(&lab), []);
}
