//! What a run tells, in which order, and how it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use devopsflow::event::{Reason, Unfinished};
use devopsflow::state::Operation;
use devopsflow::store::{MemoryStore, Store};
use devopsflow::{Event, Moment, Options, Result, Scope, Stack, Step};
use framework::{Path, Severity};

use crate::cut::Cut;
use crate::lifecycle::stack;
use crate::secrets::Mask;
use crate::world::{Thing, World};

/// Everything that a stack tells.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    fn by(&self, stack: Stack) -> Stack {
        let told = self.clone();
        stack.reporter(move |event| told.0.lock().unwrap().push(event.clone()))
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn errors(events: &[Event]) -> Vec<&str> {
    let error = |event| match event {
        &Event::Message { severity: Severity::Error, ref text, .. } => Some(text.as_str()),
        _ => None,
    };
    events.iter().filter_map(error).collect()
}

/// Layers of things, each made from one of the layer above.
fn layers(kind: &'static str, count: usize) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let mut above: Vec<_> = Vec::new();
        for layer in 0..4 {
            let mut now = Vec::new();
            for n in 0..count {
                let name = format!("t{layer}-{n}");
                let mut thing = Thing::new(name.clone(), name).kind(kind);
                if let Some(url) = above.get(n) {
                    thing = thing.text(framework::Output::clone(url));
                }
                now.push(thing.add(scope)?.url);
            }
            above = now;
        }
        Ok(())
    }
}

/// The rules of order that the documentation promises.
#[track_caller]
fn in_order(events: &[Event]) {
    assert!(matches!(events.first(), Some(Event::Started { .. })), "started comes first");
    assert!(matches!(events.last(), Some(Event::Ended { .. })), "ended comes last");
    let (mut whole, mut open) = (false, BTreeMap::new());
    let (mut running, mut ended): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
    let mut refreshing = BTreeSet::new();
    for event in events {
        match event {
            Event::Planned { .. } => assert!(!whole, "{event:?} after the whole plan"),
            Event::PlanEnded { .. } => whole = true,
            Event::Waiting { address, on, .. } => {
                assert!(whole, "{event:?} before the whole plan");
                open.insert(address.as_str(), on);
            }
            Event::Running { address, operation } => {
                let on = open.remove(address.as_str());
                // The second half of one that is removed first is not told to wait again.
                assert!(
                    on.is_some() || (*operation == Operation::Create && ended.contains(address.as_str())),
                    "{event:?}"
                );
                let missing = on.into_iter().flatten().find(|on| !ended.contains(on.as_str()));
                assert_eq!(missing, None, "{event:?} before that was done");
                assert!(running.insert(address) && !refreshing.contains(address.as_str()), "{event:?}");
            }
            Event::Done { address, .. } => {
                assert!(running.remove(address.as_str()), "{event:?} without running");
                ended.insert(address);
            }
            Event::Kept { address, .. } | Event::Skipped { address, .. } => drop(open.remove(address.as_str())),
            Event::Message { address, .. } => {
                assert!(address.as_ref().is_none_or(|address| !running.contains(address.as_str())), "{event:?}");
            }
            Event::Refreshing { address } => assert!(refreshing.insert(address.as_str()), "{event:?}"),
            Event::Refreshed { address, .. } => assert!(refreshing.remove(address.as_str()), "{event:?}"),
            Event::Started { .. } | Event::Ended { .. } => {}
        }
    }
    assert!(running.is_empty() && refreshing.is_empty(), "{running:?} {refreshing:?} never ended");
}

#[tokio::test]
async fn events_of_a_resource_come_in_order() {
    let (store, world, told) = (MemoryStore::new(), World::default(), Told::default());
    let up = |kind, count| told.by(stack(store.clone(), &world, layers(kind, count)));
    world.inner().failing.insert("create t1-2".to_owned());
    assert!(up("wood", 5).up().await.is_err());
    in_order(&told.take());
    world.inner().failing.clear();
    for (kind, count) in [("wood", 5), ("iron", 5), ("iron", 3), ("wood", 0)] {
        up(kind, count).up().await.unwrap();
        let events = told.take();
        assert!(events.iter().any(|event| matches!(event, Event::Running { .. })));
        in_order(&events);
    }
    up("wood", 3).up().await.unwrap();
    told.take();
    let refreshed = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::Refreshed { .. })).count();
    up("wood", 3).refresh().await.unwrap();
    let events = told.take();
    in_order(&events);
    assert_eq!(refreshed(&events), 12);
    up("iron", 3).up().with_refresh().await.unwrap();
    let events = told.take();
    in_order(&events);
    assert!(refreshed(&events) >= 12);
    up("iron", 3).destroy().await.unwrap();
    in_order(&told.take());
}

#[tokio::test]
async fn every_error_is_told_once_and_listed_at_the_end() {
    let (store, world, told) = (MemoryStore::new(), World::default(), Told::default());
    let declare = |scope: &mut Scope| {
        let flaky = Thing::new("flaky", "flaky").add(scope)?;
        Thing::new("below", "below").text(flaky.url).add(scope)?;
        let good = Thing::new("good", "good").add(scope)?;
        let number = good.url.try_map(|url| url.parse::<u64>().map(|number| number.to_string()));
        Thing::new("computed", "computed").text(number).add(scope)?;
        let hook = Options::new().hook(Moment::AfterCreate, |_| Err("the hook failed"));
        Thing::new("hooked", "hooked").with(hook).add(scope)?;
        Ok(())
    };
    let stack = told.by(stack(store.clone(), &world, declare));
    world.inner().failing.insert("create flaky".to_owned());
    assert!(stack.up().await.is_err());
    let events = told.take();
    let mut all = errors(&events);
    all.sort_unstable();
    assert_eq!(all.len(), 3, "{all:?}");
    for part in ["create flaky", "invalid digit", "the hook failed"] {
        assert_eq!(all.iter().filter(|text| text.contains(part)).count(), 1, "{part}: {all:?}");
    }
    let Some(Event::Ended { succeeded: false, counts, failures, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((counts.failed, counts.skipped, failures.len()), (3, 1, 3));
    let flaky = failures.iter().find(|failure| failure.address.as_deref() == Some("test_thing.flaky")).unwrap();
    assert_eq!(flaky.summary, "Flaky");
    assert!(flaky.location.as_ref().unwrap().contains("events.rs:"));
    // What is removed fails, too, and what nobody can run.
    world.inner().failing.insert("delete good".to_owned());
    assert!(stack.destroy().await.is_err());
    assert_eq!(errors(&told.take()).iter().filter(|text| text.contains("delete good")).count(), 1);
    let _held = store.open(stack.id(), "`up` of somebody, process 7 on build-1").unwrap();
    assert!(stack.up().await.is_err());
    let events = told.take();
    let all = errors(&events);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains("locked by `up` of somebody, process 7 on build-1"), "{all:?}");
    assert!(matches!(events.last(), Some(Event::Ended { succeeded: false, failures, .. }) if failures.is_empty()));
}

/// What is planned for the first resource.
async fn planned(told: &Told, run: devopsflow::Run<'_>) -> (Step, Vec<Path>, Option<Reason>, BTreeSet<String>) {
    run.await.unwrap();
    let planned = told.take().into_iter().find_map(|event| match event {
        Event::Planned { step, replace, reason, hidden, .. } => Some((step, replace, reason, hidden)),
        _ => None,
    });
    planned.unwrap()
}

#[tokio::test]
async fn a_replacement_says_why() {
    let (store, world, told) = (MemoryStore::new(), World::default(), Told::default());
    let one = |kind: &'static str, text: &'static str| {
        let program = move |scope: &mut Scope| {
            let options = Options::new().replace_on_changes("text");
            Thing::new("one", "one").kind(kind).text(text).with(options).add(scope)?;
            Ok(())
        };
        told.by(stack(store.clone(), &world, program))
    };
    one("wood", "a").up().await.unwrap();
    told.take();
    let none = BTreeSet::new;
    let by_kind = planned(&told, one("iron", "a").preview()).await;
    assert_eq!(by_kind, (Step::Replace, vec![Path::of("kind")], None, none()));
    let by_option = planned(&told, one("wood", "b").preview()).await;
    assert_eq!(by_option, (Step::Replace, vec![Path::of("text")], None, none()));
    let asked = planned(&told, one("wood", "a").preview().replace("test_thing.one")).await;
    assert_eq!(asked, (Step::Replace, Vec::new(), Some(Reason::Asked), none()));
}

#[tokio::test]
async fn a_secret_that_changes_is_told_to_change() {
    let (store, world, told) = (MemoryStore::new(), World::default(), Told::default());
    let safe = |password: &'static str| {
        let program = move |scope: &mut Scope| {
            let password = scope.secret("password")?;
            Thing::new("safe", "safe").password(password).add(scope)?;
            Ok(())
        };
        told.by(stack(store.clone(), &world, program).key_holder(Mask::new(1)).config("password", password))
    };
    safe("hunter2").up().await.unwrap();
    told.take();
    let stack = safe("hunter3");
    let (step, _, _, hidden) = planned(&told, stack.preview()).await;
    assert_eq!((step, hidden), (Step::Update, BTreeSet::from(["password".to_owned()])));
    stack.up().await.unwrap();
    let all = format!("{:?}", told.take());
    assert!(!all.contains("hunter") && all.contains("(secret)"), "{all}");
}

#[tokio::test]
async fn what_needs_nothing_in_the_end_is_told_to_be_kept() {
    let (store, world, told) = (MemoryStore::new(), World::default(), Told::default());
    let two = |kind: &'static str| {
        let program = move |scope: &mut Scope| {
            let first = Thing::new("first", "first").kind(kind).add(scope)?;
            Thing::new("second", "second").text(first.url.map(|url| url.len().to_string())).add(scope)?;
            Ok(())
        };
        told.by(stack(store.clone(), &world, program))
    };
    two("wood").up().await.unwrap();
    told.take();
    two("iron").up().await.unwrap();
    let events = told.take();
    in_order(&events);
    assert!(events.contains(&Event::Kept { address: "test_thing.second".to_owned(), imported: false }), "{events:?}");
}

#[tokio::test]
async fn an_operation_without_an_end_is_named_at_the_end() {
    let (memory, world, told) = (MemoryStore::new(), World::new(false), Told::default());
    let thing = |scope: &mut Scope| {
        Thing::new("one", "one").add(scope)?;
        Ok(())
    };
    assert!(stack(Cut::new(memory.clone(), 2), &world, thing).up().await.is_err());
    let stack = told.by(stack(memory, &world, thing));
    assert!(stack.up().await.is_err());
    let events = told.take();
    let Some(Event::Ended { pending, .. }) = events.last() else { panic!("{events:?}") };
    let unfinished = Unfinished { address: "test_thing.one".to_owned(), operation: Operation::Create };
    assert_eq!(*pending, BTreeMap::from([(0, unfinished)]));
    stack.state_clear_pending(0).await.unwrap();
    stack.up().await.unwrap();
    assert!(matches!(told.take().last(), Some(Event::Ended { pending, .. }) if pending.is_empty()));
}
