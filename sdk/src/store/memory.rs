//! A store in memory, for tests. Clones share it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::{Clock, Contents, Store, StoreError, Writer, lease_until, system_clock};
use crate::StackId;
use crate::sync::lock;

/// Records beyond this are worth a compaction.
const COMPACT: usize = 1024;

/// A store in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryStore {
    stacks: Arc<Mutex<BTreeMap<StackId, Kept>>>,
    clock: Clock,
}

#[derive(Default)]
struct Kept {
    /// Nothing once the stack was removed.
    contents: Option<Contents>,
    epoch: u64,
    holder: String,
    /// When the lease ends; `None` when nobody writes.
    until: Option<u64>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(system_clock())
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose leases run by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self { stacks: Arc::default(), clock }
    }

    /// Puts this in place of what is kept of a stack, which nobody writes to.
    pub fn put(&self, stack: &StackId, contents: Contents) {
        self.kept().insert(stack.clone(), Kept { contents: Some(contents), ..Kept::default() });
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<StackId, Kept>> {
        lock(&self.stacks)
    }
}

impl Store for MemoryStore {
    fn stacks(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let kept = self.kept();
        let there = kept.iter().filter(|(id, kept)| id.project() == project && kept.contents.is_some());
        Ok(there.map(|(id, _)| id.stack().to_owned()).collect())
    }

    fn read(&self, stack: &StackId) -> Result<Option<Contents>, StoreError> {
        Ok(self.kept().get(stack).and_then(|kept| kept.contents.clone()))
    }

    fn open(&self, stack: &StackId, holder: &str) -> Result<(Box<dyn Writer>, Contents), StoreError> {
        let now = (self.clock)();
        let mut stacks = self.kept();
        let kept = stacks.entry(stack.clone()).or_default();
        if let Some(until) = kept.until.filter(|until| now < *until) {
            let left = Duration::from_millis(until - now);
            return Err(StoreError::Locked { stack: stack.to_string(), holder: kept.holder.clone(), left });
        }
        kept.epoch += 1;
        holder.clone_into(&mut kept.holder);
        kept.until = Some(lease_until(now));
        let writer = MemoryWriter { store: self.clone(), stack: stack.clone(), epoch: kept.epoch };
        Ok((Box::new(writer), kept.contents.get_or_insert_default().clone()))
    }

    fn unlock(&self, stack: &StackId) -> Result<Option<String>, StoreError> {
        let mut stacks = self.kept();
        let Some(kept) = stacks.get_mut(stack) else { return Ok(None) };
        Ok(kept.until.take().map(|_| kept.holder.clone()))
    }
}

struct MemoryWriter {
    store: MemoryStore,
    stack: StackId,
    epoch: u64,
}

impl MemoryWriter {
    fn write(&self, change: impl FnOnce(&mut Option<Contents>)) -> Result<(), StoreError> {
        let until = lease_until((self.store.clock)());
        let mut stacks = self.store.kept();
        if let Some(kept) = stacks.get_mut(&self.stack).filter(|kept| kept.epoch == self.epoch) {
            change(&mut kept.contents);
            // A lease that was ended by hand stays so.
            kept.until = kept.until.map(|_| until);
            return Ok(());
        }
        let holder = stacks.get(&self.stack).map(|kept| kept.holder.clone()).unwrap_or_default();
        Err(StoreError::Fenced { stack: self.stack.to_string(), holder })
    }
}

impl Writer for MemoryWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        self.write(|contents| contents.get_or_insert_default().records.extend_from_slice(records))
    }

    fn compact(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.write(|contents| *contents = Some(Contents { snapshot: Some(snapshot.to_vec()), ..Contents::default() }))
    }

    fn should_compact(&self) -> bool {
        let kept = self.store.kept();
        let contents = kept.get(&self.stack).and_then(|kept| kept.contents.as_ref());
        contents.is_some_and(|contents| contents.records.len() > COMPACT)
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.write(|_| ())
    }

    fn remove(self: Box<Self>) -> Result<(), StoreError> {
        self.write(|contents| *contents = None)
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        if let Some(kept) = self.store.kept().get_mut(&self.stack).filter(|kept| kept.epoch == self.epoch) {
            kept.until = None;
        }
    }
}
