//! What every [`Store`] must keep to, as checks that an implementation's tests run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Clock, Contents, LEASE, Store, StoreError};
use crate::StackId;

/// How many threads race, and how often each of them counts.
const RACERS: u64 = 4;
const COUNTS: u64 = 25;

/// Checks all of it. `make` gives an empty store whose leases run by the clock.
///
/// # Panics
/// The store breaks a guarantee; the message says which.
pub fn check(make: impl Fn(Clock) -> Arc<dyn Store>) {
    let time = Arc::new(AtomicU64::new(1_000_000));
    let shared = Arc::clone(&time);
    let clock: Clock = Arc::new(move || shared.load(Ordering::SeqCst));
    keeps(&*make(Arc::clone(&clock)));
    one_writer(&*make(Arc::clone(&clock)));
    fences(&*make(Arc::clone(&clock)), &time, false);
    fences(&*make(Arc::clone(&clock)), &time, true);
    removes(&*make(Arc::clone(&clock)));
    race(&make(clock));
}

fn id(stack: &str) -> StackId {
    StackId::new("kit", stack).expect("a name")
}

fn bytes(parts: &[&str]) -> Vec<Vec<u8>> {
    parts.iter().map(|part| part.as_bytes().to_vec()).collect()
}

#[track_caller]
fn found(contents: &Contents, snapshot: Option<&str>, records: &[&str]) {
    let expected = (snapshot.map(|text| text.as_bytes().to_vec()), bytes(records));
    assert_eq!((contents.snapshot.clone(), contents.records.clone()), expected, "what was kept is found, in order");
}

fn keeps(store: &dyn Store) {
    let stack = &id("keeps");
    assert_eq!(store.read(stack).expect("reads"), None, "nothing is kept of a stack that was never opened");
    assert_eq!(store.stacks("kit").expect("lists"), Vec::<String>::new());
    let (mut writer, contents) = store.open(stack, "first").expect("opens");
    found(&contents, None, &[]);
    writer.append(&bytes(&["a", "b"])).expect("appends");
    writer.append(&[]).expect("appends nothing");
    found(&store.read(stack).expect("reads").expect("it is there"), None, &["a", "b"]);
    let first = writer.epoch();
    drop(writer);
    let (mut writer, contents) = store.open(stack, "second").expect("opens again");
    assert!(writer.epoch() > first, "each writer has a higher epoch");
    found(&contents, None, &["a", "b"]);
    writer.compact(b"ab").expect("compacts");
    writer.append(&bytes(&["c"])).expect("appends");
    drop(writer);
    found(&store.open(stack, "third").expect("opens").1, Some("ab"), &["c"]);
    drop(store.open(&id("another"), "fourth").expect("stacks are independent"));
    assert_eq!(store.stacks("kit").expect("lists"), ["another", "keeps"]);
}

fn one_writer(store: &dyn Store) {
    let stack = &id("one");
    let (writer, _) = store.open(stack, "the holder").expect("opens");
    match store.open(stack, "another").err() {
        Some(StoreError::Locked { holder, left, .. }) => {
            assert_eq!(holder, "the holder");
            assert!(left <= LEASE, "a lease is not longer than {LEASE:?}");
        }
        other => panic!("a second writer must be refused, not {other:?}"),
    }
    drop(writer);
    assert_eq!(store.unlock(stack).expect("unlocks"), None, "nobody has it");
    drop(store.open(stack, "another").expect("the lock ends with the writer"));
}

fn fences(store: &dyn Store, time: &AtomicU64, by_hand: bool) {
    let stack = &id("fences");
    let (mut old, _) = store.open(stack, "old").expect("opens");
    old.append(&bytes(&["kept"])).expect("appends");
    let lease = u64::try_from(LEASE.as_millis()).expect("it is short");
    if by_hand {
        assert_eq!(store.unlock(stack).expect("unlocks").as_deref(), Some("old"));
    } else {
        time.fetch_add(lease / 2 + 1, Ordering::SeqCst);
        old.renew().expect("renews");
        time.fetch_add(lease / 2 + 1, Ordering::SeqCst);
        assert!(store.open(stack, "early").is_err(), "a renewed lease goes on");
        time.fetch_add(lease, Ordering::SeqCst);
    }
    let (mut new, contents) = store.open(stack, "new").expect("an ended lease is taken over");
    found(&contents, None, &["kept"]);
    assert!(new.epoch() > old.epoch(), "each writer has a higher epoch");
    let fenced = [old.append(&bytes(&["lost"])), old.compact(b"lost"), old.renew()];
    for outcome in fenced {
        assert!(matches!(outcome, Err(StoreError::Fenced { .. })), "who was taken over is fenced, not {outcome:?}");
    }
    new.append(&bytes(&["new"])).expect("appends");
    drop(old);
    new.append(&bytes(&["newer"])).expect("the end of the old writer does not matter to the new one");
    drop(new);
    found(&store.open(stack, "last").expect("opens").1, None, &["kept", "new", "newer"]);
}

fn removes(store: &dyn Store) {
    let stack = &id("removed");
    let (mut writer, _) = store.open(stack, "first").expect("opens");
    writer.append(&bytes(&["a"])).expect("appends");
    writer.compact(b"a").expect("compacts");
    let first = writer.epoch();
    writer.remove().expect("removes");
    assert_eq!(store.read(stack).expect("reads"), None, "nothing is kept of a stack that was removed");
    assert_eq!(store.stacks("kit").expect("lists"), Vec::<String>::new());
    let (writer, contents) = store.open(stack, "second").expect("a stack that was removed can be made again");
    found(&contents, None, &[]);
    assert!(writer.epoch() > first, "each writer has a higher epoch, also after a removal");
    assert_eq!(store.stacks("kit").expect("lists"), ["removed"]);
    drop(writer);
    let (old, _) = store.open(stack, "old").expect("opens");
    assert_eq!(store.unlock(stack).expect("unlocks").as_deref(), Some("old"));
    let (new, _) = store.open(stack, "new").expect("takes over");
    let outcome = old.remove();
    assert!(matches!(outcome, Err(StoreError::Fenced { .. })), "who was taken over removes nothing: {outcome:?}");
    drop(new);
}

/// Threads that each add one to a number, over and over: none of the additions may be lost.
fn race(store: &Arc<dyn Store>) {
    let stack = id("race");
    std::thread::scope(|scope| {
        for _ in 0..RACERS {
            scope.spawn(|| {
                for _ in 0..COUNTS {
                    let (mut writer, contents) = loop {
                        match store.open(&stack, "racer") {
                            Ok(opened) => break opened,
                            Err(StoreError::Locked { .. }) => std::thread::yield_now(),
                            Err(error) => panic!("{error}"),
                        }
                    };
                    let before = contents.records.last().or(contents.snapshot.as_ref());
                    let before: u64 = before.map_or(0, |text| String::from_utf8_lossy(text).parse().expect("a number"));
                    let after = (before + 1).to_string().into_bytes();
                    if before.is_multiple_of(7) { writer.compact(&after) } else { writer.append(&[after]) }
                        .expect("counts");
                }
            });
        }
    });
    let contents = store.read(&stack).expect("reads").expect("it is there");
    let last = contents.records.last().or(contents.snapshot.as_ref()).expect("somebody counted");
    assert_eq!(String::from_utf8_lossy(last), (RACERS * COUNTS).to_string(), "no addition is lost");
}
