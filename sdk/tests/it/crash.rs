//! Kills between any two records, and the property test: a valid snapshot plus one operation.

use std::collections::BTreeMap;

use devopsflow::store::{MemoryStore, Store};
use devopsflow::{Error, Options, Result, Scope, Stack, testing};
use proptest::prelude::*;

use crate::cut::Cut;
use crate::lifecycle::stack;
use crate::world::{Thing, World};

/// One thing of a random program.
#[derive(Debug, Clone)]
struct Part {
    name: usize,
    kind: u8,
    text: u8,
    needs: Vec<usize>,
    delete_first: bool,
}

fn program(parts: Vec<Part>) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let mut made: BTreeMap<usize, _> = BTreeMap::new();
        for part in &parts {
            let name = format!("t{}", part.name);
            let needs = part.needs.iter().filter_map(|need| made.get(need).cloned());
            let needs = devopsflow::Output::<String>::all(needs).map(|urls| urls.join(","));
            let text = part.text;
            let mut options = Options::new();
            options.delete_before_replace = part.delete_first;
            let thing = Thing::new(&name, &*name)
                .kind(part.kind.to_string())
                .text(needs.map(move |needs| format!("{text} {needs}")))
                .with(options)
                .add(scope)?;
            made.insert(part.name, thing.url);
        }
        Ok(())
    }
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = (0..2u8, 0..2u8, prop::collection::vec(0..6usize, 0..3), any::<bool>(), prop::bool::weighted(0.8));
    prop::collection::vec(part, 6).prop_map(|parts| {
        let parts = parts.into_iter().enumerate().filter(|(_, part)| part.4);
        parts
            .map(|(name, (kind, text, mut needs, delete_first, _))| {
                needs.retain(|need| *need < name);
                Part { name, kind, text, needs, delete_first }
            })
            .collect()
    })
}

/// Nothing exists that is neither recorded nor pending, and nothing is recorded that does not exist.
fn agrees(stack: &Stack, world: &World) -> std::result::Result<(), TestCaseError> {
    let state = stack.state().map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut recorded: Vec<u64> = Vec::new();
    for resource in state.resources.values() {
        let object = resource.object.as_ref();
        recorded.extend(object.and_then(|object| object.value["number"].as_u64()));
    }
    recorded.sort_unstable();
    let mut existing: Vec<u64> = world.inner().things.keys().copied().collect();
    let pending = state.pending.values().filter(|pending| pending.operation == devopsflow::state::Operation::Create);
    let unknown: Vec<u64> = existing.iter().filter(|number| !recorded.contains(number)).copied().collect();
    prop_assert!(unknown.len() <= pending.count(), "{unknown:?} exist, and are neither recorded nor pending");
    if state.pending.is_empty() {
        existing.sort_unstable();
        prop_assert_eq!(existing, recorded);
    }
    Ok(())
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_snapshot_plus_one_operation(
        before in parts(),
        after in parts(),
        flaky in prop::collection::btree_set((0..3usize, 0..6usize), 0..3),
        kill in prop::option::weighted(0.8, 1..14usize),
        verb in 0..8u8,
        target in prop::option::weighted(0.3, 0..6usize),
    ) {
        let (memory, world) = (MemoryStore::new(), World::new(true));
        let made = run(async { stack(memory.clone(), &world, program(before.clone())).up().await.map(drop) });
        prop_assert!(made.is_ok(), "{:?}", made);
        let verbs = ["create", "update", "delete"];
        world.inner().failing = flaky.iter().map(|(verb, name)| format!("{} t{name}", verbs[*verb])).collect();
        let cut = Cut::new(memory.clone(), kill.unwrap_or(usize::MAX));
        let one = stack(cut, &world, program(after.clone()));
        let _: std::result::Result<(), Error> = run(async {
            let run = match verb {
                0 => one.refresh(),
                1 => one.destroy(),
                _ => one.up(),
            };
            let run = match target {
                Some(target) if verb != 0 => run.target(format!("test_thing.t{target}")),
                _ => run,
            };
            run.await.map(drop)
        });
        let contents = memory.read(one.id()).unwrap().unwrap();
        prop_assert_eq!(testing::check(&contents), Vec::<String>::new());
        agrees(&one, &world)?;
        // Running it again, without anything in the way, gets there without a person.
        world.inner().failing.clear();
        let again = stack(memory.clone(), &world, program(after.clone()));
        let ended = run(async { again.up().await });
        prop_assert!(ended.is_ok(), "{:?}", ended.map(drop));
        agrees(&again, &world)?;
        let mut labels: Vec<String> = world.inner().things.values().map(|thing| thing.label.clone()).collect();
        labels.sort();
        let mut expected: Vec<String> = after.iter().map(|part| format!("t{}", part.name)).collect();
        expected.sort();
        prop_assert_eq!(labels, expected, "each exists once");
        let idle = run(async { again.up().await }).unwrap();
        prop_assert_eq!(idle.steps, vec![]);
        let contents = memory.read(again.id()).unwrap().unwrap();
        prop_assert_eq!(testing::check(&contents), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_create_that_nobody_can_find_is_named_and_stops_the_next_up() {
    let (memory, world) = (MemoryStore::new(), World::new(false));
    let thing = |scope: &mut Scope| {
        Thing::new("one", "one").add(scope)?;
        Ok(())
    };
    // The start of the update and the beginning of the create are recorded; its end is not.
    let killed = stack(Cut::new(memory.clone(), 2), &world, thing).up().await;
    assert!(killed.is_err());
    let stack = stack(memory, &world, thing);
    let Err(Error::Refused(problems)) = stack.up().await else { panic!("a person must decide") };
    let text = problems[0].to_string();
    assert!(text.contains("import test_thing.one ID") && text.contains("state clear-pending 0"), "{text}");
    assert_eq!(world.inner().things.len(), 1, "nothing is made twice");
    stack.state_clear_pending(0).await.unwrap();
    assert!(stack.up().await.is_ok());
}
