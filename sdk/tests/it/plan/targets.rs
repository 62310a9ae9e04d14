//! `--target` and `--exclude`: what they bring along, what they leave, and what is told of it.

use devopsflow::{Result, Scope, Step};

use crate::lab::{Lab, add, refused, steps};
use crate::world::Thing;

/// `base`, `user` which needs it, a component `web` with `a`, and `alone`.
fn program(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let base = Thing::new("base", "base").text(text).add(scope)?;
        let held = base.url.map(move |url| format!("{url} {text}"));
        Thing::new("user", "user").text(held).add(scope)?;
        scope.component("shop:Web", "web", |scope| add(scope, Thing::new("a", "a").text(text)))?;
        Thing::new("alone", "alone").text(text).add(scope)?;
        Ok(())
    }
}

#[tokio::test]
async fn a_target_brings_what_it_needs_and_says_what_is_left_out() {
    let lab = Lab::default();
    let report = lab.stack(program("1")).up().target("test_thing.user").await.unwrap();
    assert_eq!((report.counts.created, lab.labels()), (2, vec!["base".to_owned(), "user".to_owned()]));
    assert!(lab.told().contains("3 of 5 declarations are left out"));
    lab.stack(program("1")).up().target("web").await.unwrap();
    assert_eq!(lab.labels(), ["a", "base", "user"]);
    lab.stack(program("1")).up().await.unwrap();
    assert!(!lab.told().is_empty(), "from the run before");
    lab.stack(program("1")).up().await.unwrap();
    assert_eq!(lab.told(), "", "nothing is left out");
}

#[tokio::test]
async fn what_needs_an_excluded_change_goes_on_with_what_is_recorded() {
    let lab = Lab::default();
    lab.up(program("1")).await;
    let report = lab.stack(program("2")).up().exclude("test_thing.base").exclude("web").await.unwrap();
    assert_eq!(steps(&report), [("alone", Step::Update), ("user", Step::Update)].into());
    assert!(lab.thing("user").unwrap().text.unwrap().ends_with(" 2"));
    assert_eq!(lab.thing("base").unwrap().text.as_deref(), Some("1"));
    assert_eq!(lab.up(program("2")).await.len(), 2, "the rest");
}

#[tokio::test]
async fn what_needs_something_excluded_that_does_not_exist_is_skipped_and_says_so() {
    let lab = Lab::default();
    let report = lab.stack(program("1")).up().exclude("test_thing.base").await.unwrap();
    assert_eq!((report.counts.created, report.counts.skipped), (2, 1));
    let told = lab.told();
    assert!(told.contains("test_thing.user: skipped, for test_thing.base is left out and not recorded"), "{told}");
}

#[tokio::test]
async fn what_needs_an_excluded_reading_is_skipped_and_says_so() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| {
        let one = Thing::new("one", "one").add(scope)?;
        let options = devopsflow::Options::new().depends_on(&one);
        let found = crate::world::Reading::new("found", "one").with(options).add(scope)?;
        add(scope, Thing::new("copy", "copy").text(found.content))
    };
    let report = lab.stack(program).up().exclude("data.test_reading.found").await.unwrap();
    assert_eq!((report.counts.created, report.counts.skipped), (1, 1));
    assert!(lab.told().contains("test_thing.copy: skipped, for data.test_reading.found is left out"));
}

#[tokio::test]
async fn names_that_nothing_has_are_refused() {
    let lab = Lab::default();
    lab.up(program("1")).await;
    let stack = lab.stack(program("1"));
    for run in [stack.up().target("nothing"), stack.up().exclude("nothing"), stack.up().replace("nothing")] {
        let text = refused(run.await);
        assert!(text.contains("No resource nothing") && text.contains("state list"), "{text}");
    }
    let text = refused(lab.stack(program("1")).destroy().target("nothing").await);
    assert!(text.contains("No resource nothing"), "{text}");
    let text = refused(lab.stack(program("1")).refresh().target("nothing").await);
    assert!(text.contains("No resource nothing"), "{text}");
}

#[tokio::test]
async fn what_is_left_out_keeps_what_it_uses() {
    let lab = Lab::default();
    lab.up(program("1")).await;
    let preview = lab.stack(|_| Ok(())).preview().exclude("test_thing.user").await.unwrap();
    assert_eq!(steps(&preview), [("alone", Step::Delete), ("web/test_thing.a", Step::Delete)].into());
    let told = lab.told();
    assert!(told.contains("test_thing.base: skipped, for test_thing.user, which is left out, still uses it"), "{told}");
    let report = lab.stack(program("1")).destroy().exclude("test_thing.user").await.unwrap();
    assert_eq!((report.summary.delete, report.counts.deleted, report.counts.skipped), (2, 2, 0));
    assert_eq!(lab.labels(), ["base", "user"]);
    let report = lab.stack(program("1")).destroy().target("test_thing.base").await.unwrap();
    assert_eq!((report.counts.deleted, lab.labels().len()), (2, 0), "what was made with a target goes with it");
}

#[tokio::test]
async fn a_replaced_target_stays_until_what_is_left_out_has_moved_on() {
    let lab = Lab::default();
    let program = |kind: &'static str| crate::lab::pair(kind, devopsflow::Options::new(), |user| user);
    lab.up(program("wood")).await;
    lab.stack(program("iron")).up().target("test_thing.base").await.unwrap();
    assert_eq!(lab.labels(), ["base", "base", "user"]);
    let told = lab.told();
    assert!(told.contains("test_thing.base: skipped, for test_thing.user still uses it"), "{told}");
    assert_eq!(lab.up(program("iron")).await, ["update user", "delete base"]);
}

#[tokio::test]
async fn what_was_replaced_stays_when_it_is_left_out() {
    let lab = Lab::default();
    let program = |kind: &'static str| {
        move |scope: &mut Scope| {
            add(scope, Thing::new("other", "other"))?;
            add(scope, Thing::new("one", "one").kind(kind))
        }
    };
    lab.up(program("wood")).await;
    lab.world.inner().failing.insert("delete one".to_owned());
    crate::lab::incomplete(lab.stack(program("iron")).up().await);
    lab.world.inner().failing.clear();
    lab.world.log();
    let report = lab.stack(program("iron")).up().exclude("test_thing.one").await.unwrap();
    assert_eq!((report.summary.delete, lab.world.log().len()), (0, 0));
    assert_eq!(lab.up(program("iron")).await, ["delete one"]);
}
