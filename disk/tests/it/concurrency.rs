//! Several writers at once, and files that appear at the last moment.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Barrier;
use std::thread;

use disk::testing::{Fault, Faulty, Memory};
use disk::{Digest, Error, Expect, Folder, RealFs};
use tempfile::tempdir;

use crate::support::{files, path, set};

const THREADS: usize = 4;

/// Runs `work` in several threads that start together.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    let run = |id| {
        barrier.wait();
        work(id)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|id| scope.spawn(move || run(id))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn of_several_that_create_the_same_file_exactly_one_does() {
    let parent = tempdir().unwrap();
    for round in 0..50 {
        let folder = Folder::new(parent.path().join(format!("{round}/new")));
        let outcomes = together(|id| folder.publish(&set([("d/ci.yml", &id.to_string())]), |_, _| Expect::Absent));
        let winners: Vec<_> = (0..THREADS).filter(|&id| outcomes[id].is_ok()).collect();
        let [winner] = winners[..] else { panic!("{outcomes:?}") };
        assert_eq!(files(folder.path()), [("d/ci.yml".into(), winner.to_string())].into());
        let lost = |failed: &disk::Failed| failed.published.is_empty() && matches!(failed.source, Error::Exists { .. });
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(lost));
    }
}

#[test]
fn several_that_plan_the_same_all_succeed() {
    let parent = tempdir().unwrap();
    for round in 0..50 {
        let folder = Folder::new(parent.path().join(round.to_string()));
        let planned = set([("a.yml", "same"), ("b.yml", "same")]);
        for outcome in together(|_| folder.publish(&planned, |_, planned| Expect::AbsentOr(planned.digest()))) {
            outcome.unwrap();
        }
        assert_eq!(files(folder.path()).len(), 2);
    }
}

#[test]
fn writers_in_one_directory_never_sweep_each_other() {
    let parent = tempdir().unwrap();
    let folder = Folder::new(parent.path());
    together(|id| {
        for round in 0..50 {
            let (own, text) = (format!("{id}.yml"), format!("{id} {round}"));
            folder.publish(&set([(&own, &text), ("shared.yml", &text)]), |_, _| Expect::Anything).unwrap();
        }
    });
    let found = files(parent.path());
    assert_eq!(found.len(), THREADS + 1, "{found:?}");
    for id in 0..THREADS {
        assert_eq!(found[&format!("{id}.yml")], format!("{id} 49"));
    }
}

/// Publishes `slow.yml`, with `meddle` run just before the nth operation, for each n. Ends when there is no nth.
fn meddle_at_each(expect: Expect, start: impl Fn() -> (Faulty, Folder, Folder), meddle: fn(&Folder), check: Check) {
    for nth in 1.. {
        let (faulty, folder, other) = start();
        let meddler = other.clone();
        let faulty = faulty.with(nth, Fault::Meddle(Box::new(move || meddle(&meddler))));
        let outcome = folder.publish(&set([("slow.yml", "slow")]), |_, _| expect);
        if faulty.operations().len() < nth {
            outcome.unwrap();
            return;
        }
        check(&format!("before {}", faulty.operations()[nth - 1]), outcome, &other);
    }
}

type Check = fn(&str, Result<(), disk::Failed>, &Folder);

fn in_memory() -> (Faulty, Folder, Folder) {
    let memory = Memory::new();
    memory.put("folder/old.yml", "");
    let faulty = Faulty::new(memory.clone());
    (faulty.clone(), Folder::on(Arc::new(faulty), "folder"), Folder::on(Arc::new(memory), "folder"))
}

/// On the real file system; `at` outlives the test's folders.
fn on_disk(at: &Path) -> (Faulty, Folder, Folder) {
    if at.exists() {
        fs::remove_dir_all(at).unwrap();
    }
    fs::create_dir(at).unwrap();
    let faulty = Faulty::new(RealFs);
    (faulty.clone(), Folder::on(Arc::new(faulty), at), Folder::new(at))
}

#[test]
fn a_file_that_appears_at_any_moment_is_not_overwritten() {
    let appear = |other: &Folder| other.publish(&set([("slow.yml", "theirs")]), |_, _| Expect::Anything).unwrap();
    let check = |when: &str, outcome: Result<(), disk::Failed>, other: &Folder| {
        assert_eq!(other.read(&path("slow.yml")).unwrap().unwrap().bytes, b"theirs", "{when}");
        if let Err(failed) = outcome {
            assert_eq!(failed.published, []);
            assert!(matches!(failed.source, Error::Exists { .. }), "{when}: {failed:?}");
        }
    };
    let parent = tempdir().unwrap();
    meddle_at_each(Expect::Absent, in_memory, appear, check);
    meddle_at_each(Expect::Absent, || on_disk(&parent.path().join("f")), appear, check);
    meddle_at_each(Expect::AbsentOr(Digest::of(b"slow")), in_memory, appear, check);
}

#[test]
fn a_live_stage_survives_a_sweep_at_any_moment() {
    let sweep = |other: &Folder| other.publish(&set([("quick.yml", "")]), |_, _| Expect::Anything).unwrap();
    let check = |when: &str, outcome: Result<(), disk::Failed>, other: &Folder| {
        outcome.unwrap_or_else(|failed| panic!("{when}: {failed:?}"));
        assert_eq!(other.read(&path("slow.yml")).unwrap().unwrap().bytes, b"slow", "{when}");
    };
    let parent = tempdir().unwrap();
    meddle_at_each(Expect::Anything, in_memory, sweep, check);
    meddle_at_each(Expect::Anything, || on_disk(&parent.path().join("f")), sweep, check);
}
