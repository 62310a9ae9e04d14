//! What fails: the rest goes on, and everything is reported.

use devopsflow::{Result, Scope};

use crate::lab::{Lab, add, incomplete};
use crate::world::Thing;

/// Two chains of three, and one alone.
fn chains(text: &'static str) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        for chain in ["a", "b"] {
            let first = Thing::new(format!("{chain}1"), format!("{chain}1")).text(text).add(scope)?;
            let held = first.url.map(move |url| format!("{url} {text}"));
            let second = Thing::new(format!("{chain}2"), format!("{chain}2")).text(held).add(scope)?;
            let held = second.url.map(move |url| format!("{url} {text}"));
            Thing::new(format!("{chain}3"), format!("{chain}3")).text(held).add(scope)?;
        }
        Thing::new("alone", "alone").text(text).add(scope)?;
        Ok(())
    }
}

#[tokio::test]
async fn everything_that_can_be_done_is_done_and_everything_else_is_reported() {
    let lab = Lab::default();
    lab.world.inner().failing.extend(["create a1".to_owned(), "create b2".to_owned()]);
    let (text, report) = incomplete(lab.stack(chains("1")).up().await);
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (2, 2, 3));
    assert!(text.contains("test_thing.a1 (") && text.contains("test_thing.b2 ("), "{text}");
    let told = lab.told();
    for (skipped, failed) in [("a2", "a1"), ("a3", "a1"), ("b3", "b2")] {
        let line = format!("test_thing.{skipped}: skipped, for test_thing.{failed} failed");
        assert!(told.contains(&line), "{line}: {told}");
    }
    assert_eq!(told.matches("create a1").count(), 1, "each failure is told once: {told}");
    lab.world.inner().failing.clear();
    let report = lab.stack(chains("1")).up().await.unwrap();
    assert_eq!((report.counts.created, report.counts.same), (5, 2));
}

#[tokio::test]
async fn an_update_that_fails_leaves_what_is_recorded() {
    let lab = Lab::default();
    lab.up(chains("1")).await;
    lab.world.inner().failing.insert("update a2".to_owned());
    let (_, report) = incomplete(lab.stack(chains("2")).up().await);
    assert_eq!((report.counts.updated, report.counts.failed, report.counts.skipped), (5, 1, 1));
    assert!(lab.stack(chains("2")).preview().with_refresh().await.unwrap().summary.update == 2);
}

#[tokio::test]
async fn a_removal_that_fails_keeps_what_it_needs_and_nothing_else() {
    let lab = Lab::default();
    lab.up(chains("1")).await;
    lab.world.inner().failing.insert("delete a2".to_owned());
    let (text, report) = incomplete(lab.stack(chains("1")).destroy().await);
    assert!(text.contains("test_thing.a2 (") && text.contains("failures.rs:"), "{text}");
    assert_eq!((report.counts.deleted, report.counts.failed, report.counts.skipped), (5, 1, 1));
    assert!(lab.told().contains("test_thing.a1: skipped, for test_thing.a2 still uses it"));
    assert_eq!(lab.labels(), ["a1", "a2"]);
    // What is no longer declared is removed by the recorded order, and so is what is left of it.
    lab.world.inner().failing.clear();
    assert_eq!(lab.up(|_| Ok(())).await, ["delete a2", "delete a1"]);
}

#[tokio::test]
async fn a_function_that_fails_during_up_is_told_and_counted() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| {
        let one = Thing::new("one", "one").add(scope)?;
        let number = one.url.try_map(|url| url.parse::<u64>().map(|number| number.to_string()));
        let two = Thing::new("two", "two").text(number).add(scope)?;
        add(scope, Thing::new("three", "three").text(two.url))
    };
    let (text, report) = incomplete(lab.stack(program).up().await);
    assert!(text.starts_with("test_thing.two (") && text.contains("invalid digit"), "{text}");
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (1, 1, 1));
    assert!(lab.told().contains("test_thing.two: "), "it is told when it happens");
}

#[tokio::test]
async fn a_state_that_cannot_be_written_ends_the_run() {
    let lab = Lab::default();
    let cut = crate::cut::Cut::new(lab.store.clone(), 2);
    let outcome = lab.on(cut, chains("1")).up().parallel(1).await;
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("the state cannot be written"), "{text}");
    assert_eq!(lab.labels().len(), 1, "nothing is begun that cannot be recorded");
}

#[tokio::test]
async fn what_stays_as_it_is_goes_on_when_something_fails_that_it_needs() {
    let lab = Lab::default();
    let program = |text: &'static str| {
        move |scope: &mut Scope| {
            let first = Thing::new("first", "first").text(text).add(scope)?;
            let second = Thing::new("second", "second").text(first.url).add(scope)?;
            let held = second.url.map(move |url| format!("{url} {text}"));
            add(scope, Thing::new("third", "third").text(held))
        }
    };
    lab.up(program("1")).await;
    lab.world.inner().failing.insert("update first".to_owned());
    let (_, report) = incomplete(lab.stack(program("2")).up().await);
    assert_eq!((report.counts.updated, report.counts.failed, report.counts.skipped), (1, 1, 0));
    assert!(lab.thing("third").unwrap().text.unwrap().ends_with(" 2"));
}
