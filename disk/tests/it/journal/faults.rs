//! Every operation failing, and dying, in turn.

use std::io::ErrorKind;
use std::path::Path;

use disk::journal::{Journal, JournalError, Options};
use disk::testing::{Fault, Faulty, Memory};

use super::model::Action::{Append, Compact, Reopen, Sync};
use super::model::{Action, Model};

/// Every kind of call, in every order that matters.
const ACTIONS: [Action; 24] = [
    Append(9),
    Append(0),
    Sync,
    Append(30),
    Append(40),
    Append(50),
    Sync,
    Append(1),
    Compact(2),
    Append(60),
    Append(70),
    Append(80),
    Sync,
    Sync,
    Reopen,
    Append(7),
    Append(90),
    Compact(0),
    Compact(0),
    Append(5),
    Append(6),
    Reopen,
    Append(1),
    Append(2),
];

fn count() -> usize {
    let mut calm = Model::new(None);
    let faulty = calm.faulty.clone();
    calm.run(&ACTIONS);
    faulty.operations().len()
}

#[test]
fn each_failure_loses_nothing_durable() {
    let kinds = [ErrorKind::StorageFull, ErrorKind::PermissionDenied, ErrorKind::NotFound, ErrorKind::AlreadyExists];
    assert!(count() > 80, "{}", count());
    for nth in 1..=count() {
        for kind in kinds {
            Model::new(Some((nth, Fault::Fail(kind)))).run(&ACTIONS);
        }
    }
}

#[test]
fn each_crash_loses_nothing_durable_even_without_power() {
    for nth in 1..=count() {
        for way in Model::ways().into_iter().take(12) {
            Model::new(Some((nth, Fault::Crash))).with_way(way).run(&ACTIONS);
        }
    }
}

fn open(faulty: &Faulty) -> Journal {
    Journal::open(faulty, Path::new("home"), "state", Options::default()).unwrap().0
}

/// What `call` answers when its nth operation fails.
fn fail<T>(faulty: &Faulty, nth: usize, kind: ErrorKind, call: impl FnOnce() -> T) -> T {
    let _ = faulty.clone().with(faulty.operations().len() + nth, Fault::Fail(kind));
    call()
}

#[test]
fn a_full_disk_takes_the_half_record_back_and_the_journal_goes_on() {
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        let memory = Memory::new();
        let faulty = Faulty::new(memory.clone());
        let journal = open(&faulty);
        journal.append(b"before").unwrap();
        let files = memory.files();
        let full = fail(&faulty, 1, kind, || journal.append(b"a record for which there is no space"));
        assert!(matches!(full, Err(JournalError::Full { path, .. }) if path == Path::new("home/state.journal")));
        assert_eq!(memory.files(), files);
        journal.sync(journal.append(b"after").unwrap()).unwrap();

        // The write is the second operation, after removing what is left of an earlier one and creating the file.
        let full = fail(&faulty, 3, kind, || journal.compact(b"snapshot", journal.position()));
        assert!(matches!(full, Err(JournalError::Full { .. })), "{full:?} {:?}", faulty.operations());
        assert_eq!(memory.files().len(), 2);
        journal.sync(journal.append(b"and on").unwrap()).unwrap();
        drop(journal);
        let found = Journal::open(&memory, Path::new("home"), "state", Options::default()).unwrap().1;
        assert_eq!(found.records, [&b"before"[..], b"after", b"and on"]);
    }
}

#[test]
fn after_a_failed_fsync_nothing_is_taken_until_it_is_opened_again() {
    let memory = Memory::new();
    let faulty = Faulty::new(memory.clone());
    let journal = open(&faulty);
    let durable = journal.append(b"durable").unwrap();
    journal.sync(durable).unwrap();
    let lost = journal.append(b"lost").unwrap();
    let failed = fail(&faulty, 1, ErrorKind::Other, || journal.sync(lost));
    assert!(matches!(failed, Err(JournalError::Poisoned { .. })));
    let calls: [&dyn Fn() -> Result<(), JournalError>; 3] =
        [&|| journal.append(b"more").map(drop), &|| journal.sync(lost), &|| journal.compact(b"", lost)];
    for call in calls {
        assert!(matches!(call(), Err(JournalError::Poisoned { .. })));
    }
    journal.sync(durable).unwrap();
    drop(journal);

    // The cache, which this file system has all the same, no longer holds what the fsync failed for.
    let (journal, found) = Journal::open(&memory, Path::new("home"), "state", Options::default()).unwrap();
    assert_eq!((found.records, found.torn), (vec![b"durable".to_vec()], None));
    journal.append(b"more").unwrap();
}

#[test]
fn the_order_of_operations() {
    let memory = Memory::new();
    let faulty = Faulty::new(memory);
    // Open files keep the name under which they were opened.
    let journal = open(&faulty);
    let one = journal.append(b"one").unwrap();
    let two = journal.append(b"two").unwrap();
    journal.sync(one).unwrap();
    journal.sync(two).unwrap();
    journal.compact(b"one", one).unwrap();
    let looks = ["open", "kind", "metadata", "read"];
    let operations = faulty.operations();
    let changes = operations.iter().filter(|operation| !looks.iter().any(|look| operation.starts_with(look)));
    insta::assert_snapshot!(changes.cloned().collect::<Vec<_>>().join("\n"), @r"
    create directory home
    sync directory
    create file state.lock
    try lock state.lock
    sync directory
    remove file state.journal.new
    create file state.journal.new
    write state.journal.new
    sync state.journal.new
    rename state.journal.new to state.journal
    sync directory
    remove file state.journal.new
    sync state.journal.new
    sync directory
    write state.journal.new
    write state.journal.new
    sync state.journal.new
    remove file state.journal.new
    create file state.journal.new
    write state.journal.new
    sync state.journal.new
    rename state.journal.new to state.journal
    sync directory
    ");
}
