//! Replacements: their order, what is made with what is replaced, and kills in the middle.

use devopsflow::store::Store;
use devopsflow::{Options, Step, testing};

use crate::cut::Cut;
use crate::lab::{Lab, incomplete, one, pair, steps};
use crate::world::Thing;

#[tokio::test]
async fn by_default_users_move_on_before_the_old_one_is_removed() {
    let lab = Lab::default();
    lab.up(pair("wood", Options::new(), |user| user)).await;
    let done = lab.up(pair("iron", Options::new(), |user| user)).await;
    assert_eq!(done, ["create base", "update user", "delete base"]);
}

#[tokio::test]
async fn what_must_be_replaced_too_is_removed_before_what_is_removed_first() {
    let lab = Lab::default();
    let first = Options::delete_before_replace;
    let replaced = |user: Thing| user.with(Options::new().replace_on_changes("text"));
    lab.up(pair("wood", first(Options::new()), replaced)).await;
    let stack = lab.stack(pair("iron", first(Options::new()), replaced));
    let preview = stack.preview().await.unwrap();
    let expected = [("base", Step::DeleteThenCreate), ("user", Step::DeleteThenCreate)];
    assert_eq!(steps(&preview), expected.into());
    let done = lab.up(pair("iron", first(Options::new()), replaced)).await;
    assert_eq!(done, ["delete user", "delete base", "create base", "create user"]);
    // One that only changes is changed afterwards, and one that is to be made first is.
    let done = lab.up(pair("clay", first(Options::new()), |user| user)).await;
    assert_eq!(done, ["delete base", "create base", "update user"]);
    let made_first = |user: Thing| user.with(Options::new().replace_on_changes("text").create_before_delete());
    let done = lab.up(pair("wood", first(Options::new()), made_first)).await;
    assert_eq!(done, ["delete base", "create base", "create user", "delete user"]);
}

#[tokio::test]
async fn a_failure_in_the_middle_is_told_with_whom_it_concerns_and_the_next_run_does_the_rest() {
    for (failing, left) in [("delete user", 2), ("delete base", 1), ("create base", 0), ("create user", 1)] {
        let lab = Lab::default();
        let program = |kind: &'static str| {
            let user = |user: Thing| user.with(Options::new().replace_on_changes("text"));
            pair(kind, Options::new().delete_before_replace(), user)
        };
        lab.up(program("wood")).await;
        lab.world.inner().failing.insert(failing.to_owned());
        let (text, report) = incomplete(lab.stack(program("iron")).up().await);
        assert!(text.contains("Flaky") && report.counts.failed == 1, "{failing}: {text}");
        if failing == "delete user" {
            let expected = "test_thing.user was made with it and is removed first, which failed";
            assert!(text.starts_with("test_thing.base") && text.contains(expected), "{text}");
        }
        assert_eq!(lab.world.inner().things.len(), left, "{failing}");
        lab.world.inner().failing.clear();
        lab.up(program("iron")).await;
        assert_eq!(lab.labels(), ["base", "user"], "{failing}");
        assert_eq!(lab.thing("base").unwrap().kind.as_deref(), Some("iron"));
    }
}

#[tokio::test]
async fn what_was_made_half_way_is_removed_first_unless_the_program_says_otherwise() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.kind("wood"))).await;
    let done = lab.up(one(|thing| thing.kind("iron").with(Options::new().create_before_delete()))).await;
    assert_eq!(done, ["create one", "delete one"]);
    let done = lab.up(one(|thing| thing.kind("clay").with(Options::new().delete_before_replace()))).await;
    assert_eq!(done, ["delete one", "create one"]);
}

#[tokio::test]
async fn asked_for_by_hand_it_is_replaced_unchanged_and_a_component_with_all_its_parts() {
    let lab = Lab::default();
    let program = |scope: &mut devopsflow::Scope| {
        scope.component("shop:Web", "web", |scope| {
            Thing::new("a", "a").add(scope)?;
            Thing::new("b", "b").add(scope)?;
            Ok(())
        })?;
        Thing::new("c", "c").add(scope)?;
        Ok(())
    };
    lab.up(program).await;
    lab.stack(program).up().replace("test_thing.c").await.unwrap();
    assert_eq!(lab.world.log(), ["create c", "delete c"]);
    let report = lab.stack(program).up().replace("web").await.unwrap();
    assert_eq!((report.summary.replace, report.summary.same), (2, 1));
    assert_eq!(lab.labels(), ["a", "b", "c"]);
}

#[tokio::test]
async fn killed_between_any_two_records_a_replacement_by_hand_leaves_one_of_each() {
    for order in [Options::new(), Options::new().delete_before_replace()] {
        for records in 1..12 {
            let lab = Lab::locating();
            let program = || {
                let options = order.clone();
                move |scope: &mut devopsflow::Scope| pair("wood", options.clone(), |user| user)(scope)
            };
            lab.up(program()).await;
            let killed = lab.on(Cut::new(lab.store.clone(), records), program());
            let _ = killed.up().replace("test_thing.base").await;
            // The same command again, and then without it.
            lab.stack(program()).up().replace("test_thing.base").await.unwrap();
            assert_eq!(lab.labels(), ["base", "user"], "after {records} records");
            assert_eq!(lab.up(program()).await, [""; 0], "after {records} records");
            let contents = lab.store.read(lab.stack(program()).id()).unwrap().unwrap();
            assert_eq!(testing::check(&contents), [""; 0]);
        }
    }
}

#[tokio::test]
async fn killed_between_any_two_records_whatever_must_be_replaced_too_exists_once_afterwards() {
    for records in 1..16 {
        let lab = Lab::locating();
        let program = |kind: &'static str| {
            let user = |user: Thing| user.with(Options::new().replace_on_changes("text"));
            pair(kind, Options::new().delete_before_replace(), user)
        };
        lab.up(program("wood")).await;
        let _ = lab.on(Cut::new(lab.store.clone(), records), program("iron")).up().await;
        lab.up(program("iron")).await;
        assert_eq!(lab.labels(), ["base", "user"], "after {records} records");
        assert_eq!(lab.thing("base").unwrap().kind.as_deref(), Some("iron"));
        assert_eq!(lab.up(program("iron")).await, [""; 0], "after {records} records");
    }
}
