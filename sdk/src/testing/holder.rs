//! A key holder for stacks that only live in memory.

use std::sync::Mutex;

use crate::secrets::{HolderError, Key, KeyHolder, Secret};
use crate::sync::lock;

/// Keeps keys in memory: what is recorded of one is a number, which means nothing without the holder.
#[derive(Default)]
pub struct MemoryHolder(Mutex<Vec<[u8; Key::BYTES]>>);

impl KeyHolder for MemoryHolder {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn wrap(&self, key: &Key) -> Result<Vec<u8>, HolderError> {
        let mut kept = lock(&self.0);
        kept.push(*key.expose());
        Ok((kept.len() - 1).to_le_bytes().to_vec())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Key, HolderError> {
        let kept = lock(&self.0);
        let number = wrapped.try_into().map(usize::from_le_bytes).ok();
        let key = number.and_then(|number| kept.get(number)).ok_or(HolderError::Damaged("it was kept elsewhere"))?;
        Ok(Key::new(Secret::new(*key)))
    }
}
