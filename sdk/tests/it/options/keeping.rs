//! `protect`, `retain_on_delete` and `deleted_with`.

use devopsflow::{Options, Step};

use crate::lab::{Lab, incomplete, one, refused, steps};
use crate::world::Thing;

fn protected(kind: &'static str) -> impl Fn(&mut devopsflow::Scope) -> devopsflow::Result<()> + Send + Sync + 'static {
    one(move |thing| thing.kind(kind).with(Options::new().protect()))
}

#[tokio::test]
async fn a_protected_resource_is_neither_removed_nor_replaced_until_it_is_unprotected() {
    let lab = Lab::default();
    lab.up(protected("wood")).await;
    for outcome in [
        lab.stack(|_| Ok(())).up().await,
        lab.stack(|_| Ok(())).destroy().await,
        lab.stack(protected("iron")).up().await,
        lab.stack(one(|thing| thing.kind("iron"))).up().await,
        lab.stack(protected("wood")).up().replace("test_thing.one").await,
    ] {
        let text = refused(outcome);
        assert!(text.starts_with("test_thing.one (") && text.contains("It is protected, and would be"), "{text}");
    }
    assert_eq!(lab.labels(), ["one"]);
    let stack = lab.stack(|_| Ok(()));
    stack.state_protect("test_thing.one", false).await.unwrap();
    assert_eq!(lab.up(one(|thing| thing.kind("iron"))).await, ["create one", "delete one"]);
    lab.up(protected("iron")).await;
    // The program takes it back first, and removes it then.
    assert_eq!(lab.up(one(|thing| thing.kind("iron"))).await, [""; 0]);
    assert_eq!(lab.up(|_| Ok(())).await, ["delete one"]);
}

#[tokio::test]
async fn one_refusal_names_everything_that_is_protected() {
    let lab = Lab::default();
    lab.up(|scope| {
        for name in ["a", "b", "c"] {
            let options = if name == "b" { Options::new() } else { Options::new().protect() };
            Thing::new(name, name).with(options).add(scope)?;
        }
        Ok(())
    })
    .await;
    let text = refused(lab.stack(|_| Ok(())).destroy().await);
    assert!(text.contains("state unprotect test_thing.a`") && text.contains("state unprotect test_thing.c`"), "{text}");
    assert_eq!(lab.labels(), ["a", "b", "c"]);
    lab.stack(|_| Ok(())).destroy().target("test_thing.b").await.unwrap();
    assert_eq!(lab.labels(), ["a", "c"]);
}

#[tokio::test]
async fn what_is_retained_stays_whether_it_is_removed_or_replaced() {
    for first in [false, true] {
        let lab = Lab::default();
        let retained = move |kind: &'static str| {
            let options = Options::new().retain_on_delete();
            let options = if first { options.delete_before_replace() } else { options };
            one(move |thing| thing.kind(kind).with(options.clone()))
        };
        lab.up(retained("wood")).await;
        assert_eq!(lab.up(retained("iron")).await, ["create one"], "delete first: {first}");
        assert_eq!(lab.world.inner().things.len(), 2);
        let report = lab.stack(|_| Ok(())).up().await.unwrap();
        assert_eq!((report.summary.forget, report.counts.deleted), (1, 0));
        assert_eq!(lab.world.inner().things.len(), 2);
        assert!(lab.stack(|_| Ok(())).state().unwrap().resources.is_empty());
    }
}

fn house(kind: &'static str) -> impl Fn(&mut devopsflow::Scope) -> devopsflow::Result<()> + Send + Sync + 'static {
    move |scope| {
        let house = Thing::new("house", "house").kind(kind).add(scope)?;
        let room = Thing::new("room", "room").with(Options::new().deleted_with(&house)).add(scope)?;
        Thing::new("lamp", "lamp").with(Options::new().deleted_with(&room)).add(scope)?;
        Ok(())
    }
}

#[tokio::test]
async fn what_vanishes_with_another_is_forgotten_only_when_that_is_gone() {
    let lab = Lab::default();
    lab.up(house("wood")).await;
    lab.world.inner().failing.insert("delete house".to_owned());
    let (text, _) = incomplete(lab.stack(house("wood")).destroy().await);
    assert!(text.contains("test_thing.house"), "{text}");
    let state = lab.stack(|_| Ok(())).state().unwrap();
    assert_eq!(state.resources.len(), 3, "nothing is forgotten that is still there");
    lab.world.inner().failing.clear();
    let report = lab.stack(house("wood")).destroy().await.unwrap();
    assert_eq!((report.summary.delete, report.summary.forget, report.counts.deleted), (1, 2, 1));
    assert!(lab.stack(|_| Ok(())).state().unwrap().resources.is_empty());
}

#[tokio::test]
async fn what_vanishes_with_something_that_is_replaced_is_made_anew() {
    let lab = Lab::default();
    lab.up(house("wood")).await;
    let report = lab.stack(house("iron")).preview().await.unwrap();
    assert_eq!(steps(&report).into_values().collect::<Vec<_>>(), [Step::Replace; 3]);
    let done = lab.up(house("iron")).await;
    assert_eq!(done, ["create house", "create room", "create lamp", "delete house"]);
    // Alone it is removed like any other.
    let report = lab.stack(house("iron")).destroy().target("test_thing.room").await.unwrap();
    assert_eq!((report.counts.deleted, report.summary.forget), (1, 1));
}

#[tokio::test]
async fn what_must_be_gone_before_it_could_vanish_is_removed_on_its_own() {
    let lab = Lab::default();
    let program = |scope: &mut devopsflow::Scope| {
        let house = Thing::new("house", "house").add(scope)?;
        let shelf = Thing::new("shelf", "shelf").with(Options::new().depends_on(&house)).add(scope)?;
        let options = Options::new().deleted_with(&house).depends_on(&shelf);
        crate::lab::add(scope, Thing::new("book", "book").with(options))
    };
    lab.up(program).await;
    lab.stack(program).destroy().await.unwrap();
    assert_eq!(lab.world.log(), ["delete book", "delete shelf", "delete house"]);
}
