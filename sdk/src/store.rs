//! Where states are kept: a small trait, a directory (the default), and memory for tests.
//!
//! A store keeps for every stack a snapshot and the records after it, hands out the right to write to one at a time, and
//! makes sure that whoever lost that right writes nothing more. What the bytes mean is not its matter.

pub mod conformance;
mod directory;
mod head;
mod memory;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use disk::journal::JournalError;

use crate::StackId;

pub use directory::DirectoryStore;
pub use memory::MemoryStore;

/// How long a writer that says nothing is taken to be alive.
pub const LEASE: Duration = Duration::from_mins(1);

/// Somewhere to keep states.
///
/// # Guarantees
/// - What [`Writer::append`] returned `Ok` for is found by every later [`Store::open`] and [`Store::read`], in order.
/// - At most one writer of a stack is valid. Each has a higher epoch than all before it.
/// - A writer that was taken over gets [`StoreError::Fenced`] from every call, and nothing that it appends is found.
///
/// [`conformance::check`] holds an implementation to them.
pub trait Store: Send + Sync {
    /// The stacks of a project, sorted.
    fn stacks(&self, project: &str) -> Result<Vec<String>, StoreError>;

    /// What is kept of a stack, without the right to write; `None` when there is nothing.
    fn read(&self, stack: &StackId) -> Result<Option<Contents>, StoreError>;

    /// The right to write, with what is kept. `holder` says to others who has it.
    fn open(&self, stack: &StackId, holder: &str) -> Result<(Box<dyn Writer>, Contents), StoreError>;

    /// Ends the lease of whoever has the right to write, so that the next [`Store::open`] takes over. Says who had it.
    fn unlock(&self, stack: &StackId) -> Result<Option<String>, StoreError>;
}

/// The right to write to a stack, until it is dropped, or taken over after its lease ran out.
pub trait Writer: Send {
    /// Its number.
    fn epoch(&self) -> u64;

    /// Keeps records after all others. They are durable when it returns. After an error some of them may be kept.
    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError>;

    /// Keeps this in place of everything so far.
    fn compact(&mut self, snapshot: &[u8]) -> Result<(), StoreError>;

    /// Whether the records take so much more than the snapshot that compacting is worth it.
    fn should_compact(&self) -> bool;

    /// Prolongs the lease.
    fn renew(&mut self) -> Result<(), StoreError>;

    /// Removes the stack with all that is kept of it. Should it be made again, its writers have higher epochs still.
    fn remove(self: Box<Self>) -> Result<(), StoreError>;
}

/// What is kept of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The latest snapshot.
    pub snapshot: Option<Vec<u8>>,
    /// The records after it.
    pub records: Vec<Vec<u8>>,
    /// What the user should know, such as a torn write that was cut off.
    pub warnings: Vec<String>,
}

/// Why a store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else writes.
    #[error(
        "stack {stack} is locked by {holder} for at least {} s more; wait, or run `unlock` if that no longer runs",
        left.as_secs()
    )]
    Locked {
        /// The stack.
        stack: String,
        /// Who.
        holder: String,
        /// What is left of the lease.
        left: Duration,
    },
    /// The right to write was taken over.
    #[error(
        "this run no longer has the right to write to stack {stack}: {holder} took over; nothing more was recorded"
    )]
    Fenced {
        /// The stack.
        stack: String,
        /// By whom.
        holder: String,
    },
    /// The journal says no.
    #[error("{}", with_cause(.0))]
    Journal(Arc<JournalError>),
    /// The files cannot be used.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: String,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// The head of a stack is not what was written, or of a newer release.
    #[error("{path} cannot be used: {reason}")]
    Head {
        /// The file.
        path: String,
        /// Why not, and what to do.
        reason: String,
    },
}

/// The system's answer is part of the message where the message says no more than what was tried.
fn with_cause(error: &JournalError) -> String {
    match (error, std::error::Error::source(error)) {
        (JournalError::File(_) | JournalError::Poisoned { .. }, Some(cause)) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        Self::Journal(Arc::new(error))
    }
}

/// Tells the time, in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn lease_until(now: u64) -> u64 {
    now + u64::try_from(LEASE.as_millis()).expect("it is short")
}
