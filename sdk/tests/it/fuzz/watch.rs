//! A store that looks at the state and at the world with every record, and that stops taking records when it is told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use devopsflow::StackId;
use devopsflow::state::{Operation, Record, Resource, State};
use devopsflow::store::{Contents, MemoryStore, Store, StoreError, Writer};
use devopsflow::testing::Request;

use super::snapshot::Worlds;

/// Hands everything to a store in memory, and holds it to what must be true with every record.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) memory: MemoryStore,
    model: Arc<Mutex<Model>>,
    /// How many records it still takes.
    left: Arc<AtomicUsize>,
}

/// The fold of all records, apart from the engine's and the recorder's.
struct Model {
    state: State,
    worlds: Worlds,
    /// How many requests of each world were looked at.
    seen: Vec<usize>,
    /// Objects that left the state and may stay in the world.
    released: BTreeSet<(String, u64)>,
    problems: Vec<String>,
}

impl Watch {
    pub(super) fn new(memory: MemoryStore, contents: &Contents, worlds: Worlds) -> Self {
        let mut state = State::default();
        contents.records.iter().for_each(|record| apply(&mut state, record));
        let seen = worlds.0.values().map(|_| 0).collect();
        let model = Model { state, worlds, seen, released: BTreeSet::new(), problems: Vec::new() };
        Self { memory, model: Arc::new(Mutex::new(model)), left: Arc::new(AtomicUsize::new(usize::MAX)) }
    }

    /// Takes that many records, and no more.
    pub(super) fn take(&self, records: usize) {
        self.left.store(records, Ordering::SeqCst);
    }

    /// What was not as it must be. Looks once more.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut model = self.model();
        model.look("at the end");
        model.problems.clone()
    }

    /// Objects that left the state and may stay in the world.
    pub(super) fn released(&self) -> BTreeSet<(String, u64)> {
        self.model().released.clone()
    }

    /// What is recorded, by its own fold.
    pub(super) fn state(&self) -> State {
        self.model().state.clone()
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(state: &mut State, record: &[u8]) {
    let record: Record = serde_json::from_slice(record).unwrap();
    state.apply(&record.entry, record.epoch, record.at);
}

/// The object of a resource, if it has one.
pub(super) fn object(resource: &Resource) -> Option<(String, u64)> {
    let number = resource.object.as_ref()?.value.get("number")?.as_u64()?;
    Some((resource.provider.clone(), number))
}

impl Model {
    /// Takes note of a record.
    fn record(&mut self, record: &[u8]) {
        self.look("before a record");
        let before = self.state.clone();
        apply(&mut self.state, record);
        let text = String::from_utf8_lossy(record);
        self.problems.extend(self.state.verify().into_iter().map(|rule| format!("{rule}, after {text}")));
        let begun =
            self.state.pending.iter().filter(|(id, _)| !before.pending.contains_key(id)).map(|(_, begun)| begun);
        for begun in begun.filter(|begun| begun.operation == Operation::Create) {
            let replaced = before.live(&begun.address).filter(|live| live.protect && live.id != begun.resource);
            self.problems
                .extend(replaced.map(|replaced| format!("replaced though it is protected: {}", replaced.address)));
        }
        let recorded: BTreeSet<_> = self.state.resources.values().filter_map(object).collect();
        let gone = |resource: &&Resource| object(resource).is_some_and(|object| !recorded.contains(&object));
        let mut gone: Vec<&Resource> = before.resources.values().filter(gone).collect();
        // Each after the one that it vanishes with.
        while let Some(next) = gone.iter().position(|one| !gone.iter().any(|with| one.deleted_with == Some(with.id))) {
            self.released(gone.remove(next), &before);
        }
        self.look(&format!("after {text}"));
    }

    /// The object of something is not recorded any more. It must be gone, unless the options say that it stays.
    fn released(&mut self, gone: &Resource, before: &State) {
        let Some((provider, number)) = object(gone) else { return };
        let exists = |(provider, number): &(String, u64)| {
            self.worlds.0[provider.as_str()].objects().iter().any(|object| object.number == *number)
        };
        let stays = gone.retain_on_delete;
        let with = gone.deleted_with.and_then(|with| before.resources.get(&with));
        // The one that it vanishes with is gone, or stays itself.
        let vanishes = with.is_some_and(|with| {
            let with_stays = object(with).is_some_and(|object| self.released.contains(&object));
            with_stays || object(with).is_none_or(|object| !exists(&object))
        });
        if stays {
            self.released.insert((provider, number));
        } else if vanishes {
            self.worlds.0[provider.as_str()].remove(number);
        }
    }

    /// Everything that exists is recorded or being made, and nothing that is protected was removed.
    fn look(&mut self, when: &str) {
        let state = &self.state;
        let recorded: BTreeSet<_> = state.resources.values().filter_map(object).collect();
        let mut problems = Vec::new();
        for (provider, number, address) in self.worlds.existing() {
            let pending = || {
                let mut all = state.pending.values();
                all.any(|pending| pending.operation == Operation::Create && pending.address == address)
            };
            let key = (provider, number);
            if !recorded.contains(&key) && !self.released.contains(&key) && !pending() {
                problems.push(format!("object {number} of {address} is forgotten, {when}"));
                // It is told once.
                self.released.insert(key);
            }
        }
        for ((name, world), seen) in self.worlds.0.iter().zip(&mut self.seen) {
            let asked = world.asked();
            for asked in asked[*seen..].iter().filter(|asked| asked.request == Request::Delete) {
                let mut live = state.resources.values().filter(|resource| resource.protect && !resource.outgoing);
                let key = asked.number.map(|number| ((*name).to_owned(), number));
                if live.any(|resource| object(resource) == key) {
                    problems.push(format!("removed though it is protected: {:?} {when}", asked.address));
                }
            }
            *seen = asked.len();
        }
        self.problems.append(&mut problems);
    }
}

impl Store for Watch {
    fn stacks(&self, project: &str) -> Result<Vec<String>, StoreError> {
        self.memory.stacks(project)
    }

    fn read(&self, stack: &StackId) -> Result<Option<Contents>, StoreError> {
        self.memory.read(stack)
    }

    fn open(&self, stack: &StackId, holder: &str) -> Result<(Box<dyn Writer>, Contents), StoreError> {
        let (inner, contents) = self.memory.open(stack, holder)?;
        Ok((Box::new(WatchWriter { inner, watch: self.clone() }), contents))
    }

    fn unlock(&self, stack: &StackId) -> Result<Option<String>, StoreError> {
        self.memory.unlock(stack)
    }
}

struct WatchWriter {
    inner: Box<dyn Writer>,
    watch: Watch,
}

impl Writer for WatchWriter {
    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        for record in records {
            let taken = self.watch.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                usize::MAX => Some(left),
                left => left.checked_sub(1),
            });
            if taken.is_err() {
                let source = Arc::new(std::io::Error::other("killed"));
                return Err(StoreError::File { doing: "write", path: "memory".to_owned(), source });
            }
            self.inner.append(std::slice::from_ref(record))?;
            self.watch.model().record(record);
        }
        Ok(())
    }

    /// What the recorder would write as a whole, compared and left: the records stay, to be looked at one by one.
    fn compact(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        let start = snapshot.iter().position(|byte| *byte == b'\n').map_or(0, |line| line + 1);
        let whole: State = serde_json::from_slice(&snapshot[start..]).unwrap();
        let mut model = self.watch.model();
        if whole != model.state {
            model.problems.push("a whole write differs from the journal".to_owned());
        }
        Ok(())
    }

    fn should_compact(&self) -> bool {
        true
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.inner.renew()
    }

    fn remove(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.remove()
    }
}
