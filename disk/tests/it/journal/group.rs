//! Threads that share an fsync.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use disk::journal::{self, Journal, Options};
use disk::testing::{Fault, Faulty, Memory};

const THREADS: usize = 16;
/// For what happens at once; waiting for it in vain fails the test.
const SOON: Duration = Duration::from_mins(1);

fn open(faulty: &Faulty) -> Journal {
    Journal::open(faulty, Path::new("home"), "state", Options::default()).unwrap().0
}

fn syncs(faulty: &Faulty) -> usize {
    faulty.operations().iter().filter(|operation| operation.starts_with("sync state.journal")).count()
}

#[test]
fn all_that_wait_while_one_syncs_share_the_next_fsync() {
    let memory = Memory::new();
    let faulty = Faulty::new(memory.clone());
    let journal = open(&faulty);
    let before = syncs(&faulty);

    // The first fsync lasts until all others have appended.
    let (started, has_started) = mpsc::channel();
    let (appended, have_appended) = mpsc::channel();
    let others_append = move || {
        started.send(()).unwrap();
        for _ in 1..THREADS {
            have_appended.recv_timeout(SOON).expect("an append does not wait for an fsync");
        }
    };
    let next = faulty.operations().len() + 1;
    let _ = faulty.clone().with(next + 1, Fault::Meddle(Box::new(others_append)));
    let first = journal.append(b"first").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| journal.sync(first).unwrap());
        has_started.recv_timeout(SOON).unwrap();
        for _ in 1..THREADS {
            let (journal, appended) = (&journal, appended.clone());
            scope.spawn(move || {
                let position = journal.append(b"another").unwrap();
                appended.send(()).unwrap();
                journal.sync(position).unwrap();
            });
        }
    });
    assert_eq!(syncs(&faulty) - before, 2);
    let found = journal::read(&memory.after_crash(|_| false), Path::new("home"), "state").unwrap().unwrap();
    assert_eq!(found.records.len(), THREADS);

    // And who comes when it is done needs none.
    journal.sync(journal.position()).unwrap();
    assert_eq!(syncs(&faulty) - before, 2);
}

#[test]
fn an_fsync_that_fails_fails_for_all_that_wait_for_it() {
    let memory = Memory::new();
    let faulty = Faulty::new(memory.clone());
    let journal = open(&faulty);
    journal.sync(journal.append(b"durable").unwrap()).unwrap();
    let positions: Vec<_> = (0..THREADS).map(|_| journal.append(b"not durable").unwrap()).collect();
    let _ = faulty.clone().with(faulty.operations().len() + 1, Fault::Fail(std::io::ErrorKind::Other));
    thread::scope(|scope| {
        for position in positions {
            let journal = &journal;
            scope.spawn(move || journal.sync(position).unwrap_err());
        }
    });
    drop(journal);
    let found = Journal::open(&memory, Path::new("home"), "state", Options::default()).unwrap().1;
    assert_eq!(found.records, [b"durable"]);
}
