//! The store by itself.

use std::path::Path;
use std::sync::Arc;

use disk::journal::{Journal, Options};
use rollout::Millis;
use rollout::wire::Happening;
use rollout_runner::store::{Change, Happened};
use rollout_runner::{OpenError, Store};

use crate::disk_of_tests::Disk;

const STATE: &str = "state";

fn open(disk: &Disk) -> Store {
    Store::on(Arc::new(disk.clone()), Path::new(STATE)).unwrap().0
}

fn happened(service: &str, message: &str) -> Happened {
    let happening = Happening::Failed { message: message.to_owned() };
    Happened { at: Millis(1), service: service.to_owned(), rollout_id: None, happening }
}

#[test]
fn what_it_does_not_understand_is_refused_and_left_alone() {
    for (record, reason) in [
        (&br#"{"v":2,"services":[]}"#[..], "record 0 is of version 2, and this program knows version 1"),
        (br#"{"v":1,"services":[["api",{"unknown":1}]]}"#, "unknown field `unknown`"),
        (br#"{"v":1,"more":1}"#, "unknown field `more`"),
        (b"\xff\xfe", "record 0: expected value"),
        (b"", "EOF while parsing"),
    ] {
        let disk = Disk::default();
        let (journal, _) = Journal::open(&disk, Path::new(STATE), "rollouts", Options::default()).unwrap();
        journal.sync(journal.append(record).unwrap()).unwrap();
        drop(journal);
        let before = disk.memory.files();
        match Store::on(Arc::new(disk.clone()), Path::new(STATE)) {
            Err(OpenError::Unreadable { reason: found, .. }) => assert!(found.contains(reason), "{found}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(disk.memory.files(), before);
    }
}

#[test]
fn a_snapshot_keeps_what_counts_and_the_file_small() {
    let disk = Disk::default();
    let store = open(&disk);
    let text = "x".repeat(1_000);
    for number in 0..8_000_u32 {
        let target = vec![(format!("key-{}", number % 10), (number % 7 > 0).then(|| number.into()))];
        let change =
            Change { happenings: vec![happened(&format!("s{}", number % 3), &text)], target, ..Change::default() };
        store.save_now(change).unwrap();
    }
    let size: usize = disk.memory.files().values().map(Vec::len).sum();
    assert!(size < 6 << 20, "{size}");
    let (events, target) = (store.events(None, 0), store.target("key-"));
    assert_eq!(events.len(), 1_500);
    assert_eq!(events.last().unwrap().seq, 8_000);
    drop(store);
    let store = open(&disk.after_crash());
    assert_eq!((store.events(None, 0), store.target("key-")), (events, target));
    assert_eq!(*store.last_event().borrow(), 8_000);
    store.save_now(Change { happenings: vec![happened("s0", "next")], ..Change::default() }).unwrap();
    assert_eq!(store.events(Some("s0"), 8_000)[0].seq, 8_001);
}

#[test]
fn events_of_many_services_have_a_limit_together() {
    let store = open(&Disk::default());
    for service in 0..30 {
        let happenings = (0..400).map(|_| happened(&format!("s{service}"), "m")).collect();
        store.save_now(Change { happenings, ..Change::default() }).unwrap();
    }
    assert_eq!(store.events(None, 0).len(), 5_000);
    let each: Vec<usize> = (0..30).map(|service| store.events(Some(&format!("s{service}")), 0).len()).collect();
    assert!(each.iter().all(|count| *count >= 5_000 / 30 - 1), "the longest give way: {each:?}");
}

#[test]
fn one_program_at_a_time_has_it() {
    let disk = Disk::default();
    let store = open(&disk);
    assert!(matches!(Store::on(Arc::new(disk.clone()), Path::new(STATE)), Err(OpenError::Journal(_))));
    store.close();
    assert!(store.save_now(Change::default()).is_err());
    open(&disk).save_now(Change::default()).unwrap();
}

#[test]
fn saves_at_once_get_numbers_of_their_own() {
    let store = open(&Disk::default());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = store.clone();
            scope.spawn(move || {
                for _ in 0..100 {
                    let change = Change { happenings: vec![happened(&format!("s{thread}"), "m")], ..Change::default() };
                    store.save_now(change).unwrap();
                }
            });
        }
    });
    let seqs: Vec<u64> = store.events(None, 0).iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=800).collect::<Vec<_>>());
}
