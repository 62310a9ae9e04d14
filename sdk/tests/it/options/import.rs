//! `import` as an option and as a verb.

use devopsflow::{Options, Step};

use crate::lab::{Lab, one, refused, steps};

/// A lab with a thing that no stack knows.
async fn found() -> Lab {
    let lab = Lab::default();
    let other = lab.stack(one(|thing| thing.kind("wood").text("a")));
    other.up().await.unwrap();
    other.state_remove("test_thing.one").await.unwrap();
    lab.world.log();
    lab.events();
    lab
}

fn importing(id: &str) -> Options {
    Options::new().import(id)
}

#[tokio::test]
async fn an_object_that_is_as_declared_is_taken_over_untouched() {
    let lab = found().await;
    let stack = lab.stack(one(|thing| thing.kind("wood").text("a").with(importing("1"))));
    let preview = stack.preview().await.unwrap();
    assert_eq!((steps(&preview)["one"], preview.summary.import), (Step::Import, 1));
    assert!(lab.stack(|_| Ok(())).state().unwrap().resources.is_empty(), "a preview records nothing");
    stack.up().await.unwrap();
    assert_eq!(lab.world.log(), [""; 0]);
    assert!(stack.preview().await.unwrap().summary.is_empty(), "the option has no meaning any more");
    assert_eq!(stack.destroy().await.unwrap().counts.deleted, 1);
}

#[tokio::test]
async fn one_that_differs_is_changed_after_it_is_taken_over() {
    let lab = found().await;
    let stack = lab.stack(one(|thing| thing.kind("wood").text("b").with(importing("1"))));
    assert_eq!(steps(&stack.preview().await.unwrap())["one"], Step::Import);
    stack.up().await.unwrap();
    assert_eq!(
        (lab.world.log(), lab.thing("one").unwrap().text.as_deref()),
        (vec!["update one".to_owned()], Some("b"))
    );
    assert!(stack.preview().with_refresh().await.unwrap().summary.is_empty());
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused_and_nothing_is_made() {
    let lab = found().await;
    let text = refused(lab.stack(one(|thing| thing.with(importing("7")))).up().await);
    assert!(text.starts_with("test_thing.one (") && text.contains("Nothing has the number \"7\""), "{text}");
    let text = refused(lab.stack(one(|thing| thing.kind("iron").with(importing("1")))).up().await);
    assert!(text.contains("It would be replaced when it is imported, for `kind` changes"), "{text}");
    assert_eq!(lab.labels(), ["one"]);
}

#[tokio::test]
async fn the_verb_takes_it_over_by_address() {
    let lab = found().await;
    let stack = lab.stack(one(|thing| thing.kind("wood").text("a")));
    let text = refused(stack.import("test_thing.other", "1").await);
    assert!(text.contains("test_thing.other is not declared"), "{text}");
    let text = refused(stack.import("test_thing.one", "7").await);
    assert!(text.contains("Nothing has the number \"7\""), "{text}");
    stack.import("test_thing.one", "1").await.unwrap();
    let text = refused(stack.import("test_thing.one", "1").await);
    assert!(text.contains("recorded already") && text.contains("state remove"), "{text}");
    assert!(stack.preview().await.unwrap().summary.is_empty());
    stack.up().await.unwrap();
    assert_eq!(lab.world.log(), [""; 0]);
    let state = stack.state().unwrap();
    let one = state.live("test_thing.one").unwrap();
    assert!(one.location.contains("lab.rs:") && one.inputs.contains_key("text"), "{one:?}");
}
