//! A journal beside a list, with crashes between and within the calls.

use std::io::ErrorKind;
use std::path::Path;

use disk::journal::{self, Contents, Journal, JournalError, Options, Position};
use disk::testing::{Fault, Faulty, Memory};
use proptest::prelude::*;

use crate::support::survivals;

const KIND: &str = "state";

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// A record with this many bytes more than its number.
    Append(usize),
    Sync,
    /// With a snapshot that stands for all but that many of the last records.
    Compact(usize),
    Reopen,
    /// The operation after that many more fails with this kind.
    Fail(usize, ErrorKind),
    /// The process dies at the operation after that many more, and perhaps the machine with it: [`Model::ways`].
    Crash(usize, Option<usize>),
}

/// A journal in memory, and what it must hold.
pub(super) struct Model {
    memory: Memory,
    pub(super) faulty: Faulty,
    journal: Option<Journal>,
    /// All records there are, those in the snapshot too.
    records: Vec<String>,
    /// How many of them are durable.
    durable: usize,
    /// How many appends there were, so that no two records are equal.
    appends: usize,
    /// Positions of this opening since its last compaction, each with how many records lie before it.
    positions: Vec<(usize, Position)>,
    /// How the crash to come goes.
    way: Option<usize>,
}

/// All records, those that the snapshot stands for first. It holds one a line.
fn records(contents: &Contents) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let snapshot = contents.snapshot.as_deref().map(text).unwrap_or_default();
    snapshot.lines().map(str::to_owned).chain(contents.records.iter().map(|record| text(record))).collect()
}

impl Model {
    pub(super) fn new(fault: Option<(usize, Fault)>) -> Self {
        let memory = Memory::new();
        let mut faulty = Faulty::new(memory.clone());
        if let Some((nth, fault)) = fault {
            faulty = faulty.with(nth, fault);
        }
        Self {
            memory,
            faulty,
            journal: None,
            records: Vec::new(),
            durable: 0,
            appends: 0,
            positions: Vec::new(),
            way: Some(0),
        }
    }

    pub(super) fn run(&mut self, actions: &[Action]) {
        for action in actions {
            self.step(action);
        }
        self.crash();
        self.opened();
    }

    fn step(&mut self, action: &Action) {
        if let Err(error) = self.act(action) {
            let dead = error_chain(&error).contains("the process is dead");
            if dead {
                self.crash();
            } else if matches!(error, JournalError::Poisoned { .. }) {
                self.journal = None;
            }
        }
        let journal = self.opened();
        assert_eq!(journal.position(), self.positions.last().unwrap().1);
        // What is there at any time, read without the lock.
        let found = journal::read(&self.memory, Path::new("home"), KIND).unwrap().unwrap();
        assert_eq!(records(&found), self.records, "after {action:?}");
    }

    fn act(&mut self, action: &Action) -> Result<(), JournalError> {
        let (opened, faulty) = (self.journal.is_some(), self.faulty.clone());
        match *action {
            Action::Fail(after, kind) => {
                let _ = faulty.clone().with(faulty.operations().len() + 1 + after, Fault::Fail(kind));
            }
            Action::Crash(after, way) => {
                self.way = way;
                let _ = faulty.clone().with(faulty.operations().len() + 1 + after, Fault::Crash);
            }
            Action::Reopen => self.journal = None,
            _ if !opened => self.try_open()?,
            _ => {}
        }
        let Some(journal) = &self.journal else { return Ok(()) };
        match *action {
            Action::Append(len) => {
                self.appends += 1;
                let record = format!("{}{}", self.appends, ".".repeat(len));
                let position = journal.append(record.as_bytes())?;
                self.records.push(record);
                self.positions.push((self.records.len(), position));
            }
            Action::Sync => {
                journal.sync(self.positions.last().unwrap().1)?;
                self.durable = self.records.len();
            }
            Action::Compact(kept) => {
                let first = self.positions.len().saturating_sub(1 + kept);
                let (covered, upto) = self.positions[first];
                journal.compact(self.records[..covered].join("\n").as_bytes(), upto)?;
                self.positions.drain(..first);
                self.durable = self.records.len();
            }
            _ => {}
        }
        Ok(())
    }

    /// The journal, opened again where it is not. That may fail once, for only one failure is to come.
    fn opened(&mut self) -> &Journal {
        if self.journal.is_none()
            && let Err(error) = self.try_open()
        {
            if error_chain(&error).contains("the process is dead") {
                self.crash();
            }
            self.try_open().unwrap();
        }
        self.journal.as_ref().unwrap()
    }

    fn try_open(&mut self) -> Result<(), JournalError> {
        let (journal, found) = Journal::open(&self.faulty, Path::new("home"), KIND, Options::default())?;
        let found = records(&found);
        assert!(self.records.starts_with(&found), "{found:?} is not the beginning of {:?}", self.records);
        assert!(found.len() >= self.durable, "{found:?}, but {} were durable of {:?}", self.durable, self.records);
        // And all of it is durable now.
        let image = self.memory.after_crash(|_| false);
        let found_again = Journal::open(&image, Path::new("home"), KIND, Options::default()).unwrap().1;
        assert_eq!(records(&found_again), found);
        self.durable = found.len();
        self.records = found;
        self.positions = vec![(self.records.len(), journal.position())];
        self.journal = Some(journal);
        Ok(())
    }

    /// The process ends; without a way the machine goes on, and what is not synced is still to be lost later.
    fn crash(&mut self) {
        self.journal = None;
        if let Some(way) = self.way {
            self.memory = self.memory.after_crash(survivals().swap_remove(way));
        }
        self.faulty = Faulty::new(self.memory.clone());
    }

    /// How crashes go: the process alone (`None`), or the machine with one way to lose what is not synced.
    pub(super) fn ways() -> Vec<Option<usize>> {
        std::iter::once(None).chain((0..survivals().len()).map(Some)).collect()
    }

    pub(super) fn with_way(mut self, way: Option<usize>) -> Self {
        self.way = way;
        self
    }
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn action() -> impl Strategy<Value = Action> {
    let kinds = [ErrorKind::StorageFull, ErrorKind::PermissionDenied, ErrorKind::Interrupted, ErrorKind::Other];
    prop_oneof![
        12 => (0_usize..100).prop_map(Action::Append),
        3 => Just(Action::Sync),
        2 => (0_usize..6).prop_map(Action::Compact),
        1 => Just(Action::Reopen),
        2 => (0_usize..12, prop::sample::select(kinds.to_vec())).prop_map(|(after, kind)| Action::Fail(after, kind)),
        2 => (0_usize..12, prop::sample::select(Model::ways())).prop_map(|(after, way)| Action::Crash(after, way)),
    ]
}

proptest! {
    #[test]
    fn a_prefix_with_all_that_is_durable_survives(actions in prop::collection::vec(action(), 0..60)) {
        Model::new(None).run(&actions);
    }
}
