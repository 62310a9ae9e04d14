//! What a rollout acts on.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use rollout::gate::http::{Probe, Round};
use rollout::machine::{FailureKind, Observation};
use rollout::revision::Revision;
use rollout::wire::{self, Deployed, Service};
use rollout::{RevisionId, Weights};

/// Something that takes its time.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The place where the revisions of one service run, and what spreads its traffic over them.
///
/// # Guarantees
/// Every command may be repeated: doing it twice is doing it once. Commands are accepted quickly; what they bring about is seen
/// with [`Target::observe`].
///
/// # Assumptions
/// Weights sum to all or there are none. One service has one target at a time.
pub trait Target: Send + Sync + 'static {
    /// Checks what can be known of a revision before anything is done for it, and records what will run.
    fn prepare<'a>(&'a self, service: &'a Service, revision: &'a Revision) -> Work<'a, Result<Deployed, wire::Error>>;

    /// Brings the settings of the service into effect. After an error the old ones still are.
    fn configure<'a>(&'a self, service: &'a Service) -> Work<'a, Result<(), wire::Error>>;

    /// Sees to it that the revision will have so many replicas; 0 drains and retires it, quickly if it is being taken back.
    fn ensure<'a>(&'a self, revision: &'a Deployed, replicas: u32, abort: bool) -> Work<'a, Result<(), TargetError>>;

    /// Spreads the traffic so. It is in effect for the next request when this returns.
    fn shift<'a>(&'a self, weights: &'a Weights) -> Work<'a, Result<(), TargetError>>;

    /// What there is now. Cheap.
    fn observe(&self) -> Observation;

    /// Resolves when [`Target::observe`] may give something else than it gave last.
    fn changed(&self) -> Work<'_, ()>;

    /// The requests that each revision had since some point in the past. Cheap; the numbers only rise.
    fn traffic(&self) -> BTreeMap<RevisionId, Traffic>;

    /// Asks every ready replica of a revision.
    fn probe<'a>(&'a self, revision: &'a RevisionId, probe: &'a Probe) -> Work<'a, Round>;

    /// Ends everything: closes the port, drains and stops all replicas.
    fn remove(&self) -> Work<'_, ()>;
}

/// Why a command could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What happened, for people.
    pub message: String,
}

/// The requests that a revision had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Attempts whose outcome is known.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
}
