//! A store in a directory: one journal of `disk` for each stack. The layout is in `docs/journal.md`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use disk::journal::{self, Journal, JournalError, Options};
use disk::{Fs, RealFs};

use super::head::{Gate, Head, Home, KIND};
use super::{Clock, Contents, Store, StoreError, Writer, lease_until, system_clock};
use crate::StackId;

/// A lease with less left than this is prolonged with the next write, in milliseconds.
const RENEW: u64 = 40_000;

/// A store in a directory.
#[derive(Clone)]
pub struct DirectoryStore {
    fs: Arc<dyn Fs>,
    root: PathBuf,
    clock: Clock,
}

impl DirectoryStore {
    /// The store below `root`, which is made with the first stack.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::with(Arc::new(RealFs), root, system_clock())
    }

    /// The same on this file system, with leases that run by this clock.
    pub fn with(fs: Arc<dyn Fs>, root: impl Into<PathBuf>, clock: Clock) -> Self {
        Self { fs, root: root.into(), clock }
    }

    fn home(&self, stack: &StackId) -> Home {
        Home::new(Arc::clone(&self.fs), self.root.join(stack.project()).join(stack.stack()))
    }

    /// Copies what counts into the next generation, whose journal the new writer holds.
    fn take_over(home: &Home, gate: &Gate, head: &mut Head) -> Result<(Journal, Contents), StoreError> {
        let found = journal::read(home.fs(), &home.generation(head.generation), KIND)?;
        head.generation += 1;
        gate.clear(head.generation)?;
        let directory = home.generation(head.generation);
        let (journal, _) = Journal::open(home.fs(), &directory, KIND, Options::default())?;
        let contents = found.map(contents).unwrap_or_default();
        if let Some(snapshot) = &contents.snapshot {
            journal.compact(snapshot, journal.position())?;
        }
        append(&journal, &contents.records)?;
        Ok((journal, contents))
    }
}

fn contents(found: journal::Contents) -> Contents {
    let warnings = found.torn.into_iter().map(|torn| {
        format!("{}: {} bytes from byte {} on were never wholly written", torn.path.display(), torn.bytes, torn.offset)
    });
    Contents { snapshot: found.snapshot, records: found.records, warnings: warnings.collect() }
}

fn append(journal: &Journal, records: &[Vec<u8>]) -> Result<(), JournalError> {
    let mut end = journal.position();
    for record in records {
        end = journal.append(record)?;
    }
    journal.sync(end)
}

impl Store for DirectoryStore {
    fn stacks(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let path = self.root.join(project);
        let names = match self.fs.open(&path).and_then(|directory| directory.names()) {
            Ok(names) => names,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let path = path.display().to_string();
                return Err(StoreError::File { doing: "list", path, source: Arc::new(error) });
            }
        };
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        let stacks = names.filter_map(|name| StackId::new(project, &name).ok());
        let there = stacks.filter(|stack| self.home(stack).is_there());
        let mut names: Vec<String> = there.map(|stack| stack.stack().to_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn read(&self, stack: &StackId) -> Result<Option<Contents>, StoreError> {
        let home = self.home(stack);
        loop {
            let Some(head) = home.read()?.filter(|head| head.exists) else { return Ok(None) };
            if let Some(found) = journal::read(home.fs(), &home.generation(head.generation), KIND)? {
                return Ok(Some(contents(found)));
            }
            // It is missing, or was taken over or removed in between.
            if home.read()?.as_ref() == Some(&head) {
                home.has_journal(&head)?;
            }
        }
    }

    fn open(&self, stack: &StackId, holder: &str) -> Result<(Box<dyn Writer>, Contents), StoreError> {
        let home = self.home(stack);
        let gate = home.gate()?;
        let mut head = gate.head()?;
        home.has_journal(&head)?;
        let now = (self.clock)();
        let opened = Journal::open(home.fs(), &home.generation(head.generation), KIND, Options::default());
        let (journal, contents) = match opened {
            Ok((journal, found)) => (journal, contents(found)),
            Err(JournalError::Locked { .. }) if now < head.lease_until => {
                let left = Duration::from_millis(head.lease_until - now);
                return Err(StoreError::Locked { stack: stack.to_string(), holder: head.holder, left });
            }
            Err(JournalError::Locked { .. }) => Self::take_over(&home, &gate, &mut head)?,
            Err(error) => return Err(error.into()),
        };
        head.epoch += 1;
        holder.clone_into(&mut head.holder);
        head.lease_until = lease_until(now);
        head.exists = true;
        gate.set(&head)?;
        gate.tidy(&head);
        drop(gate);
        let (clock, stack, epoch) = (Arc::clone(&self.clock), stack.to_string(), head.epoch);
        Ok((Box::new(DirectoryWriter { home, journal, clock, stack, epoch }), contents))
    }

    fn unlock(&self, stack: &StackId) -> Result<Option<String>, StoreError> {
        let home = self.home(stack);
        if !home.read()?.is_some_and(|head| head.exists) {
            return Ok(None);
        }
        let gate = home.gate()?;
        let mut head = gate.head()?;
        match Journal::open(home.fs(), &home.generation(head.generation), KIND, Options::default()) {
            Err(JournalError::Locked { .. }) => {
                head.lease_until = 0;
                gate.set(&head)?;
                Ok(Some(head.holder))
            }
            Ok(_) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

struct DirectoryWriter {
    home: Home,
    journal: Journal,
    clock: Clock,
    stack: String,
    epoch: u64,
}

impl DirectoryWriter {
    /// Sees to it that nobody takes over, if nobody has.
    fn hold(&self) -> Result<(Gate, Head), StoreError> {
        let gate = self.home.gate()?;
        let head = gate.head()?;
        if head.epoch == self.epoch {
            return Ok((gate, head));
        }
        Err(StoreError::Fenced { stack: self.stack.clone(), holder: head.holder })
    }

    /// Does something while nobody can take over.
    fn write(&self, renew: u64, write: impl FnOnce(&Journal) -> Result<(), JournalError>) -> Result<(), StoreError> {
        let (gate, mut head) = self.hold()?;
        write(&self.journal)?;
        let now = (self.clock)();
        // A lease that was ended by hand stays so.
        if head.lease_until != 0 && head.lease_until < now.saturating_add(renew) {
            head.lease_until = lease_until(now);
            gate.set(&head)?;
        }
        Ok(())
    }
}

impl Writer for DirectoryWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        self.write(RENEW, |journal| append(journal, records))
    }

    fn compact(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.write(RENEW, |journal| journal.compact(snapshot, journal.position()))
    }

    fn should_compact(&self) -> bool {
        self.journal.should_compact()
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.write(u64::MAX, |_| Ok(()))
    }

    fn remove(self: Box<Self>) -> Result<(), StoreError> {
        let (gate, mut head) = self.hold()?;
        head.generation += 1;
        head.lease_until = 0;
        head.exists = false;
        gate.clear(head.generation)?;
        // From here on there is no stack. The head stays, so that no epoch is given twice.
        gate.set(&head)?;
        gate.tidy(&head);
        Ok(())
    }
}
