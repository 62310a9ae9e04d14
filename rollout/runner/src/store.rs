//! What must survive: services with the states of their machines, events, and what a target recorded.
//!
//! Each save is one record of the journal, so that it is there whole or not at all. A snapshot holds everything.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use disk::journal::{Contents, Journal, JournalError, Options, Torn};
use disk::{Fs, RealFs};
use rollout::machine::State;
use rollout::wire::{Deployed, Happening, Recorded, Service};
use rollout::{Millis, RevisionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

/// The kind of the journal, which names its files.
const KIND: &str = "rollouts";
/// The version of what is written. An older program refuses a newer one.
const VERSION: u32 = 1;
/// How many events of a service are kept.
const EVENTS: usize = 500;
/// How many events are kept in all, so that a snapshot stays far below the most that a record of the journal can hold.
const ALL_EVENTS: usize = 5_000;

/// Everything about one service that must survive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its settings.
    pub service: Service,
    /// Every revision that the state names.
    pub revisions: BTreeMap<RevisionId, Deployed>,
    /// The state of its machine.
    pub state: State,
    /// The last generation whose outcome a client recorded.
    pub acknowledged: u64,
    /// Whether it is being ended.
    pub removing: bool,
}

/// Something to save, whole or not at all.
#[derive(Debug, Default)]
pub struct Change {
    /// The service, and what it is now; `None` when it is gone.
    pub service: Option<(String, Option<Record>)>,
    /// What happened to the service.
    pub happenings: Vec<Happened>,
    /// What the target records, by a key of its own; `None` when that is gone.
    pub target: Vec<(String, Option<Value>)>,
}

/// Something that happened to a service.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When.
    pub at: Millis,
    /// The service.
    pub service: String,
    /// The rollout, when it belongs to one.
    pub rollout_id: Option<String>,
    /// What.
    pub happening: Happening,
}

/// Why something was not saved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SaveError {
    /// The disk takes no more; nothing was changed.
    #[error("{0}")]
    Full(String),
    /// The journal cannot be written; what became of the change is open until the next save, which begins by repairing it.
    #[error("{0}")]
    Failed(String),
}

/// What is written of one save.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    v: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<(String, Option<Record>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Recorded>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    target: Vec<(String, Option<Value>)>,
    /// Only in snapshots: the number of the last event, kept or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_event: Option<u64>,
}

/// What all saves together say.
#[derive(Clone, Debug, Default, PartialEq)]
struct Mirror {
    services: BTreeMap<String, Record>,
    events: BTreeMap<String, VecDeque<Recorded>>,
    last_event: u64,
    target: BTreeMap<String, Value>,
}

impl Mirror {
    fn apply(&mut self, saved: Saved) {
        for (name, record) in saved.services {
            if let Some(record) = record {
                self.services.insert(name, record);
            } else {
                self.services.remove(&name);
                self.events.remove(&name);
            }
        }
        for event in saved.events {
            self.last_event = self.last_event.max(event.seq);
            let events = self.events.entry(event.service.clone()).or_default();
            events.push_back(event);
            if events.len() > EVENTS {
                events.pop_front();
            }
        }
        let mut surplus = self.events.values().map(VecDeque::len).sum::<usize>().saturating_sub(ALL_EVENTS);
        while surplus > 0
            && let Some(longest) = self.events.values_mut().max_by_key(|events| events.len())
        {
            longest.pop_front();
            surplus -= 1;
        }
        for (key, value) in saved.target {
            match value {
                Some(value) => drop(self.target.insert(key, value)),
                None => drop(self.target.remove(&key)),
            }
        }
        self.last_event = self.last_event.max(saved.last_event.unwrap_or(0));
    }

    fn snapshot(&self) -> Saved {
        Saved {
            v: VERSION,
            services: self.services.iter().map(|(name, record)| (name.clone(), Some(record.clone()))).collect(),
            events: self.events.values().flatten().cloned().collect(),
            target: self.target.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect(),
            last_event: Some(self.last_event),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal cannot be read or locked.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal is whole, and this program does not understand what it holds.
    #[error("{} holds a record that this program cannot read, perhaps of a newer release: {reason}", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The store of one state directory. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fs: Arc<dyn Fs>,
    directory: PathBuf,
    state: Mutex<Open>,
    /// The number of the last event that is durable.
    durable: watch::Sender<u64>,
}

#[derive(Debug)]
struct Open {
    /// Absent after it failed, until it is opened again.
    journal: Option<Arc<Journal>>,
    closed: bool,
    mirror: Mirror,
}

impl Store {
    /// Opens the store in `directory`, which no other process has open, and says what a kill cut off.
    pub fn open(directory: &Path) -> Result<(Self, Option<Torn>), OpenError> {
        Self::on(Arc::new(RealFs), directory)
    }

    /// The same on another file system.
    pub fn on(fs: Arc<dyn Fs>, directory: &Path) -> Result<(Self, Option<Torn>), OpenError> {
        let (journal, contents) = Journal::open(&*fs, directory, KIND, Options::default())?;
        let torn = contents.torn.clone();
        let mirror =
            read(contents).map_err(|reason| OpenError::Unreadable { path: journal.path().to_owned(), reason })?;
        let durable = watch::Sender::new(mirror.last_event);
        let state = Mutex::new(Open { journal: Some(Arc::new(journal)), closed: false, mirror });
        Ok((Self(Arc::new(Inner { fs, directory: directory.to_owned(), state, durable })), torn))
    }

    /// Every service.
    pub fn services(&self) -> BTreeMap<String, Record> {
        self.state().mirror.services.clone()
    }

    /// What the target recorded under keys that begin with `prefix`.
    pub fn target(&self, prefix: &str) -> BTreeMap<String, Value> {
        let state = self.state();
        let found = state.mirror.target.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        found.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The durable events after the given one, of one service or of all, in their order.
    pub fn events(&self, service: Option<&str>, after: u64) -> Vec<Recorded> {
        let durable = *self.0.durable.borrow();
        let state = self.state();
        let events = state.mirror.events.iter().filter(|(name, _)| service.is_none_or(|service| service == *name));
        let mut events: Vec<_> = events
            .flat_map(|(_, events)| events)
            .filter(|event| event.seq > after && event.seq <= durable)
            .cloned()
            .collect();
        events.sort_by_key(|event| event.seq);
        events
    }

    /// The number of the last durable event, and how to wait for the next.
    pub fn last_event(&self) -> watch::Receiver<u64> {
        self.0.durable.subscribe()
    }

    /// Saves a change; it is durable when this returns.
    pub async fn save(&self, change: Change) -> Result<(), SaveError> {
        let this = self.clone();
        let saved = tokio::task::spawn_blocking(move || this.save_now(change)).await;
        saved.unwrap_or_else(|error| Err(SaveError::Failed(error.to_string())))
    }

    /// The same for those who may wait for the disk.
    pub fn save_now(&self, change: Change) -> Result<(), SaveError> {
        let mut saved = Saved {
            v: VERSION,
            services: change.service.into_iter().collect(),
            events: Vec::new(),
            target: change.target,
            last_event: None,
        };
        let (journal, position, last) = {
            let mut state = self.state();
            let journal = self.journal(&mut state)?;
            let first = state.mirror.last_event + 1;
            saved.events = (first..)
                .zip(change.happenings)
                .map(|(seq, Happened { at, service, rollout_id, happening })| Recorded {
                    seq,
                    at,
                    service,
                    rollout_id,
                    happening,
                })
                .collect();
            let bytes = serde_json::to_vec(&saved).map_err(|error| SaveError::Failed(error.to_string()))?;
            let position = journal.append(&bytes).map_err(|error| self.failed(&mut state, &journal, error))?;
            state.mirror.apply(saved);
            (journal, position, state.mirror.last_event)
        };
        if let Err(error) = journal.sync(position) {
            return Err(self.failed(&mut self.state(), &journal, error));
        }
        // Another save may have told of later ones already.
        self.0.durable.send_if_modified(|durable| {
            let later = last > *durable;
            *durable = last.max(*durable);
            later
        });
        if journal.should_compact() {
            self.compact(&journal);
        }
        Ok(())
    }

    /// Gives the journal and its lock back. Every save after that fails.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(journal) = state.journal.take() {
            drop(state);
            // A save that is under way holds it for as long as its fsync takes.
            while Arc::strong_count(&journal) > 1 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    }

    /// Makes one snapshot of all. Not doing it loses nothing, so a failure is only logged.
    fn compact(&self, journal: &Journal) {
        let compacted = {
            let state = self.state();
            snapshot(&state.mirror).map(|bytes| journal.compact(&bytes, journal.position()))
        };
        match compacted {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the journal was not compacted"),
            Err(error) => tracing::error!(%error, "the snapshot of the journal was not written"),
        }
    }

    /// The journal; one that failed is opened again, and what it holds is what counts.
    fn journal(&self, state: &mut Open) -> Result<Arc<Journal>, SaveError> {
        if let Some(journal) = &state.journal {
            return Ok(Arc::clone(journal));
        }
        if state.closed {
            return Err(SaveError::Failed("the store is closed: another agent goes on with it".to_owned()));
        }
        let opened = Journal::open(&*self.0.fs, &self.0.directory, KIND, Options::default());
        let (journal, contents) = opened.map_err(|error| classify(&error))?;
        state.mirror = read(contents).map_err(SaveError::Failed)?;
        tracing::warn!(path = %journal.path().display(), "the journal was opened again after it had failed");
        let journal = Arc::new(journal);
        state.journal = Some(Arc::clone(&journal));
        Ok(journal)
    }

    fn failed(&self, state: &mut Open, journal: &Arc<Journal>, error: JournalError) -> SaveError {
        if matches!(error, JournalError::Poisoned { .. }) {
            tracing::error!(%error, directory = %self.0.directory.display(), "the journal failed");
            // Another save may have opened it again already.
            if state.journal.as_ref().is_some_and(|open| Arc::ptr_eq(open, journal)) {
                state.journal = None;
            }
        }
        classify(&error)
    }

    fn state(&self) -> MutexGuard<'_, Open> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn classify(error: &JournalError) -> SaveError {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    if matches!(error, JournalError::Full { .. }) { SaveError::Full(message) } else { SaveError::Failed(message) }
}

fn snapshot(mirror: &Mirror) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&mirror.snapshot())
}

fn read(contents: Contents) -> Result<Mirror, String> {
    let mut mirror = Mirror::default();
    for (index, bytes) in contents.snapshot.iter().chain(&contents.records).enumerate() {
        // The version is looked at first, for a newer record may hold what this program cannot read.
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_slice(bytes).map_err(|error| format!("record {index}: {error}"))?;
        if v != VERSION {
            return Err(format!("record {index} is of version {v}, and this program knows version {VERSION}"));
        }
        mirror.apply(serde_json::from_slice(bytes).map_err(|error| format!("record {index}: {error}"))?);
    }
    Ok(mirror)
}
