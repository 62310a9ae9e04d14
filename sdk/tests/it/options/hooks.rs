//! Hooks before and after operations.

use std::sync::{Arc, Mutex};

use devopsflow::{Moment, Options};

use crate::lab::{Lab, incomplete, one};
use crate::world::Thing;

const ALL: [Moment; 6] = [
    Moment::BeforeCreate,
    Moment::AfterCreate,
    Moment::BeforeUpdate,
    Moment::AfterUpdate,
    Moment::BeforeDelete,
    Moment::AfterDelete,
];

/// Options with a hook at every moment, which notes what it saw of the world.
fn noting(lab: &Lab, notes: &Arc<Mutex<Vec<String>>>) -> Options {
    ALL.into_iter().fold(Options::new(), |options, moment| {
        let (notes, world) = (Arc::clone(notes), lab.world.clone());
        options.hook(moment, move |subject| {
            let done = world.inner().log.len();
            let state = if subject.state.is_null() { "nothing" } else { "an object" };
            notes.lock().unwrap().push(format!("{moment:?} {} {state} {done}", subject.address));
            Ok::<(), String>(())
        })
    })
}

fn failing(moment: Moment) -> Options {
    Options::new().hook(moment, |_| Err("not on fridays"))
}

#[tokio::test]
async fn each_runs_at_its_moment_and_sees_the_object() {
    let (lab, notes) = (Lab::default(), Arc::new(Mutex::new(Vec::new())));
    let options = noting(&lab, &notes);
    let with = |text: &'static str, kind: &'static str| {
        let options = options.clone();
        lab.up(one(move |thing| thing.text(text).kind(kind).with(options.clone())))
    };
    let taken = || std::mem::take(&mut *notes.lock().unwrap());
    with("a", "wood").await;
    let create = ["BeforeCreate test_thing.one nothing 0", "AfterCreate test_thing.one an object 1"];
    assert_eq!(taken(), create);
    with("a", "wood").await;
    assert_eq!(taken(), [""; 0]);
    with("b", "wood").await;
    let update = ["BeforeUpdate test_thing.one an object 0", "AfterUpdate test_thing.one an object 1"];
    assert_eq!(taken(), update);
    with("b", "iron").await;
    let delete = ["BeforeDelete test_thing.one an object 1", "AfterDelete test_thing.one nothing 2"];
    assert_eq!(taken(), [create[0], create[1], delete[0], delete[1]]);
    let options = options.clone();
    lab.world.log();
    lab.stack(one(move |thing| thing.with(options.clone()))).destroy().await.unwrap();
    assert_eq!(taken(), ["BeforeDelete test_thing.one an object 0", "AfterDelete test_thing.one nothing 1"]);
}

#[tokio::test]
async fn one_that_fails_before_keeps_the_operation_from_being_done() {
    let lab = Lab::default();
    let program = one(|thing| thing.with(failing(Moment::BeforeCreate)));
    let (text, report) = incomplete(lab.stack(program).up().await);
    assert!(text.contains("The hook before_create failed\nnot on fridays"), "{text}");
    assert!(text.starts_with("test_thing.one (") && text.contains("lab.rs:"), "{text}");
    assert_eq!((report.counts.failed, lab.labels().len()), (1, 0));
    assert_eq!(lab.told().matches("not on fridays").count(), 1, "it is told once");
    lab.up(one(|thing| thing)).await;
    let (_, report) =
        incomplete(lab.stack(one(|thing| thing.text("x").with(failing(Moment::BeforeUpdate)))).up().await);
    assert_eq!((report.counts.failed, lab.thing("one").unwrap().text), (1, None));
    let destroy = lab.stack(one(|thing| thing.with(failing(Moment::BeforeDelete)))).destroy().await;
    let (text, _) = incomplete(destroy);
    assert!(text.contains("before_delete") && lab.labels() == ["one"], "{text}");
    let state = lab.stack(|_| Ok(())).state().unwrap();
    assert!(state.pending.is_empty() && state.live("test_thing.one").is_some());
}

#[tokio::test]
async fn one_that_fails_afterwards_undoes_nothing_and_stops_what_depends_on_it() {
    let lab = Lab::default();
    let program = |options: Options| {
        move |scope: &mut devopsflow::Scope| {
            let first = Thing::new("first", "first").with(options.clone()).add(scope)?;
            let last = Options::new().hook(Moment::AfterDelete, |_| Err("not on mondays"));
            Thing::new("second", "second").text(first.url).with(last).add(scope)?;
            Ok(())
        }
    };
    let (text, report) = incomplete(lab.stack(program(failing(Moment::AfterCreate))).up().await);
    assert!(text.contains("The hook after_create failed"), "{text}");
    assert_eq!((report.counts.created, report.counts.failed, report.counts.skipped), (1, 1, 1));
    assert_eq!(lab.labels(), ["first"]);
    assert!(lab.told().contains("test_thing.second: skipped, for test_thing.first failed"));
    // It is not run again, for nothing is made again.
    assert_eq!(lab.up(program(failing(Moment::AfterCreate))).await, ["create second"]);
    let (text, report) = incomplete(lab.stack(program(Options::new())).destroy().await);
    assert!(text.contains("after_delete") && text.contains("not on mondays"), "{text}");
    assert_eq!((report.counts.deleted, lab.labels().len()), (2, 0));
    assert!(lab.stack(|_| Ok(())).state().unwrap().resources.is_empty());
}

#[tokio::test]
async fn those_of_what_is_no_longer_declared_are_skipped_with_a_warning() {
    let lab = Lab::default();
    lab.up(one(|thing| thing.with(failing(Moment::BeforeDelete)))).await;
    assert_eq!(lab.up(|_| Ok(())).await, ["delete one"]);
    assert!(lab.told().contains("test_thing.one: it is no longer declared, so its hooks are skipped"));
    lab.up(one(|thing| thing.with(failing(Moment::BeforeDelete)))).await;
    lab.events();
    let broken = lab.stack(|_| Err("broken".into()));
    assert_eq!(broken.destroy().await.unwrap().counts.deleted, 1);
    let told = lab.told();
    assert!(told.contains("broken") && told.contains("hooks are skipped"), "{told}");
}

#[tokio::test]
async fn one_that_panics_is_one_that_fails() {
    let lab = Lab::default();
    let hook = |_: &devopsflow::Subject<'_>| -> Result<(), String> { panic!("oh") };
    let program = one(move |thing| thing.with(Options::new().hook(Moment::BeforeCreate, hook)));
    let (text, _) = incomplete(lab.stack(program).up().await);
    assert!(text.contains("it panicked"), "{text}");
}
