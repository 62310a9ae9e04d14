//! A store that stops after some records, as a kill would.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devopsflow::StackId;
use devopsflow::store::{Contents, MemoryStore, Store, StoreError, Writer};

/// Hands all to a store in memory until as many records were appended as it was told.
#[derive(Clone)]
pub(crate) struct Cut {
    pub(crate) inner: MemoryStore,
    left: Arc<AtomicUsize>,
}

impl Cut {
    pub(crate) fn new(inner: MemoryStore, records: usize) -> Self {
        Self { inner, left: Arc::new(AtomicUsize::new(records)) }
    }
}

impl Store for Cut {
    fn stacks(&self, project: &str) -> Result<Vec<String>, StoreError> {
        self.inner.stacks(project)
    }

    fn read(&self, stack: &StackId) -> Result<Option<Contents>, StoreError> {
        self.inner.read(stack)
    }

    fn open(&self, stack: &StackId, holder: &str) -> Result<(Box<dyn Writer>, Contents), StoreError> {
        let (writer, contents) = self.inner.open(stack, holder)?;
        Ok((Box::new(CutWriter { inner: writer, left: Arc::clone(&self.left) }), contents))
    }

    fn unlock(&self, stack: &StackId) -> Result<Option<String>, StoreError> {
        self.inner.unlock(stack)
    }
}

struct CutWriter {
    inner: Box<dyn Writer>,
    left: Arc<AtomicUsize>,
}

impl Writer for CutWriter {
    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        for record in records {
            let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if taken.is_err() {
                let source = Arc::new(std::io::Error::other("killed"));
                return Err(StoreError::File { doing: "write", path: "memory".to_owned(), source });
            }
            self.inner.append(std::slice::from_ref(record))?;
        }
        Ok(())
    }

    fn compact(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.inner.compact(snapshot)
    }

    fn should_compact(&self) -> bool {
        self.inner.should_compact()
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.inner.renew()
    }

    fn remove(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.remove()
    }
}
