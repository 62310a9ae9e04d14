//! Processes that are really killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::thread;

use disk::RealFs;
use disk::journal::{self, Contents, Journal, JournalError, Options};
use disk::testing::{Fault, Faulty};
use rustix::process::{Signal, getpid, kill_process};
use tempfile::tempdir;

use crate::support::{child, child_folder};

const KIND: &str = "state";
const THREADS: usize = 8;

/// How many records each thread appended.
type Counts = [u32; THREADS];

/// What a journal says. Each record is a thread and its next number, which shows any that is lost, repeated or invented.
fn counts(contents: &Contents) -> Counts {
    let mut counts = Counts::default();
    if let Some(snapshot) = &contents.snapshot {
        let numbers = str::from_utf8(snapshot).unwrap().split(' ').map(|number| number.parse().unwrap());
        counts = numbers.collect::<Vec<_>>().try_into().unwrap();
    }
    for record in &contents.records {
        let (thread, number) = str::from_utf8(record).unwrap().split_once(' ').unwrap();
        let count = &mut counts[thread.parse::<usize>().unwrap()];
        *count += 1;
        assert_eq!(number.parse(), Ok(*count));
    }
    counts
}

fn open(folder: &Path) -> Result<(Journal, Contents), JournalError> {
    Journal::open(&RealFs, folder, KIND, Options::default())
}

/// Ends with the test, also when that panics.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn what_was_said_to_be_durable_survives_a_kill() {
    let parent = tempdir().unwrap();
    let mut at_least = Counts::default();
    for round in 1..=10 {
        let child = child("journal::kill::child_with_threads", parent.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut child = Killed(child);
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut take = |many| {
            let said = lines.by_ref().filter_map(|line| line.strip_prefix("durable ").map(str::to_owned));
            for line in said.take(many) {
                let (thread, number) = line.split_once(' ').unwrap();
                at_least[thread.parse::<usize>().unwrap()] = number.parse().unwrap();
            }
        };
        take(round * 10);
        // Others keep out, but may read along.
        assert!(matches!(open(parent.path()), Err(JournalError::Locked { .. })));
        let seen = counts(&journal::read(&RealFs, parent.path(), KIND).unwrap().unwrap());
        drop(child);
        // What it said before it died counts too.
        take(usize::MAX);

        let (_, found) = open(parent.path()).unwrap();
        let found = counts(&found);
        for thread in 0..THREADS {
            assert!(found[thread] >= at_least[thread].max(seen[thread]), "{found:?} {at_least:?} {seen:?}");
        }
        at_least = found;
    }
    assert!(at_least.iter().sum::<u32>() >= 550, "{at_least:?}");
}

/// Appends and syncs in all threads, and compacts now and then, until it is killed.
#[test]
fn child_with_threads() {
    let Some(folder) = child_folder() else { return };
    let (journal, found) = open(&folder).unwrap();
    let state = Mutex::new(counts(&found));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, state) = (&journal, &state);
            scope.spawn(move || {
                loop {
                    let mut counts = state.lock().unwrap();
                    counts[thread] += 1;
                    let number = counts[thread];
                    let position = journal.append(format!("{thread} {number}").as_bytes()).unwrap();
                    if thread == 0 && number.is_multiple_of(10) {
                        let snapshot = counts.map(|count| count.to_string()).join(" ");
                        journal.compact(snapshot.as_bytes(), position).unwrap();
                    }
                    drop(counts);
                    journal.sync(position).unwrap();
                    // One write, so that no line is torn by the kill.
                    std::io::stdout().write_all(format!("durable {thread} {number}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn killed_before_each_operation() {
    let parent = tempdir().unwrap();
    let mut killed = 0;
    for nth in 1.. {
        let mut command = child("journal::kill::child_that_kills_itself", parent.path());
        let output = command.env("NTH", nth.to_string()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let said = said.lines().filter_map(|line| line.strip_prefix("durable ")).map(|n| n.parse::<u32>().unwrap());
        let (_, found) = open(parent.path()).unwrap();
        assert!(counts(&found)[0] >= said.max().unwrap_or_default(), "before {nth}");
        if output.status.success() {
            break;
        }
        killed += 1;
    }
    assert!(killed > 20, "killed {killed} times");
}

#[test]
fn child_that_kills_itself() {
    let Some(folder) = child_folder() else { return };
    let nth = std::env::var("NTH").unwrap().parse().unwrap();
    let die = || kill_process(getpid(), Signal::KILL).unwrap();
    let faulty = Faulty::new(RealFs).with(nth, Fault::Meddle(Box::new(die)));
    let (journal, found) = Journal::open(&faulty, &folder, KIND, Options::default()).unwrap();
    let mut counts = counts(&found);
    for round in 0..2 {
        for _ in 0..2 {
            counts[0] += 1;
            journal.append(format!("0 {}", counts[0]).as_bytes()).unwrap();
        }
        if round == 0 {
            journal.compact(counts.map(|count| count.to_string()).join(" ").as_bytes(), journal.position()).unwrap();
        }
        journal.sync(journal.position()).unwrap();
        std::io::stdout().write_all(format!("durable {}\n", counts[0]).as_bytes()).unwrap();
    }
}
