//! A run of the engine on a file system whose operations fail, or lose what is not synced: what was told to be done is
//! recorded, and running it again does the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use devopsflow::store::{DirectoryStore, Store, system_clock};
use devopsflow::{Event, Result, Scope, Stack, testing};
use disk::testing::{Fault, Faulty, Memory};

use crate::lifecycle::stack;
use crate::world::{Thing, World};

const LABELS: [&str; 4] = ["one", "two", "three", "four"];

/// Four things in two rows, with texts of this many bytes.
fn program(bytes: usize) -> impl Fn(&mut Scope) -> Result<()> + Send + Sync + 'static {
    move |scope| {
        let text = "x".repeat(bytes);
        let one = Thing::new("one", "one").text(text.clone()).add(scope)?;
        Thing::new("two", "two").text(one.url).add(scope)?;
        let three = Thing::new("three", "three").text(text.clone()).add(scope)?;
        Thing::new("four", "four").text(three.url.map(move |url| format!("{url} {text}"))).add(scope)?;
        Ok(())
    }
}

fn store(fs: Faulty) -> DirectoryStore {
    DirectoryStore::with(Arc::new(fs), "/states", system_clock())
}

fn memory() -> Memory {
    let memory = Memory::new();
    memory.put("/other", "");
    memory
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Runs `up`, which may fail, and gives what it told to be done.
fn up(stack: Stack) -> BTreeSet<String> {
    let told: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let tell = Arc::clone(&told);
    let stack = stack.reporter(move |event| {
        if let Event::Done { address, succeeded: true, .. } = event {
            tell.lock().unwrap().insert(address.clone());
        }
    });
    let _failed = block_on(async { stack.up().await.map(drop) });
    drop(stack);
    Arc::into_inner(told).unwrap().into_inner().unwrap()
}

/// Runs it with a fault at each of these operations, and looks at what is left.
fn survives(bytes: usize, operations: RangeInclusive<usize>) {
    for nth in operations {
        for (crash, unsynced) in [(false, true), (true, false), (true, true)] {
            let context = format!("operation {nth}, crash {crash}, unsynced writes kept {unsynced}");
            let (memory, world) = (memory(), World::new(true));
            let fault = if crash { Fault::Crash } else { Fault::Fail(std::io::ErrorKind::StorageFull) };
            let faulty = Faulty::new(memory.clone()).with(nth, fault);
            let told = up(stack(store(faulty), &world, program(bytes)));
            let memory = if crash { memory.after_crash(|_| unsynced) } else { memory };
            let kept = store(Faulty::new(memory.clone()));
            let after = stack(kept.clone(), &world, program(bytes));
            let contents = kept.read(after.id()).unwrap().unwrap_or_default();
            assert_eq!(testing::check(&contents), Vec::<String>::new(), "{context}");
            let state = after.state().unwrap();
            for address in &told {
                let recorded = state.live(address).is_some_and(|resource| resource.object.is_some());
                assert!(recorded, "{context}: {address} was told to be done");
            }
            let again = block_on(async { after.up().await.map(drop) });
            assert!(again.is_ok(), "{context}: {again:?}");
            let mut made: BTreeMap<String, usize> = BTreeMap::new();
            world.inner().things.values().for_each(|thing| *made.entry(thing.label.clone()).or_default() += 1);
            assert_eq!(made, LABELS.map(|label| (label.to_owned(), 1)).into(), "{context}: each exists once");
        }
    }
}

/// What a run without a fault asks of the file system.
fn calm(bytes: usize) -> Vec<String> {
    let faulty = Faulty::new(memory());
    assert_eq!(up(stack(store(faulty.clone()), &World::new(true), program(bytes))).len(), LABELS.len());
    faulty.operations()
}

#[test]
fn whichever_operation_fails_what_was_told_is_recorded() {
    let operations = calm(10).len();
    assert!(operations > 100, "{operations}");
    survives(10, 1..=operations);
}

#[test]
fn a_run_that_is_compacted_keeps_everything_whatever_fails_around_that() {
    let bytes = 110_000;
    let operations = calm(bytes);
    let renames =
        operations.iter().enumerate().filter(|(_, name)| *name == "rename stack.journal.new to stack.journal");
    // The first makes the journal.
    let (compacted, _) = renames.skip(1).last().expect("what is recorded is enough to be compacted");
    survives(bytes, compacted - 7..=compacted + 4);
}

#[test]
fn a_state_that_is_put_in_place_is_the_old_or_the_new_one() {
    let rewritten = |nth: usize, fault: Option<Fault>| {
        let (memory, world) = (memory(), World::new(true));
        let faulty = Faulty::new(memory.clone());
        let one = stack(store(faulty.clone()), &world, program(10));
        block_on(async { one.up().await }).unwrap();
        let mut export = one.state_export().unwrap();
        let old = export.state.clone();
        export.state.resources.retain(|_, resource| resource.address != "test_thing.two");
        let rewrite = one.state_import(export, true).unwrap();
        let before = faulty.operations().len();
        let crash = matches!(fault, Some(Fault::Crash));
        let faulty = match fault {
            Some(fault) => faulty.with(before + nth, fault),
            None => faulty,
        };
        let told = block_on(async { one.state_rewrite(rewrite).await }).is_ok();
        for unsynced in [false, true] {
            let after = if crash { memory.after_crash(|_| unsynced) } else { memory.clone() };
            let state = stack(store(Faulty::new(after)), &world, program(10)).state().unwrap();
            let new = state.live("test_thing.two").is_none();
            assert!(new || !told, "operation {nth}: it was told to be done");
            assert_eq!(state.updates.len(), old.updates.len() + usize::from(new), "operation {nth}");
            assert_eq!(state.resources.len(), old.resources.len() - usize::from(new), "operation {nth}");
        }
        faulty.operations().len() - before
    };
    let operations = rewritten(0, None);
    assert!(operations > 30, "{operations}");
    for nth in 1..=operations {
        rewritten(nth, Some(Fault::Fail(std::io::ErrorKind::StorageFull)));
        rewritten(nth, Some(Fault::Crash));
    }
}
