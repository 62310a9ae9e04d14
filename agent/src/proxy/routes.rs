//! Where requests may go: revisions, their weights and their replicas.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// All of the traffic, in basis points.
pub const WHOLE: u32 = 10_000;

/// The most revisions and the most replicas of one revision that a set of routes may have.
pub const MAX_ENTRIES: usize = 1_000;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names a revision; opaque to the proxy.
    RevisionId
}

id! {
    /// Names one process of a revision; opaque to the proxy. A process that is started anew gets a new name.
    ReplicaId
}

/// What a revision's replicas speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
}

/// One process that answers requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its name, of its own among all replicas of all revisions.
    pub id: ReplicaId,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it may get new requests.
    pub ready: bool,
}

/// One revision and its part of the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its name.
    pub id: RevisionId,
    /// Its part of new requests in basis points. At 0 it gets none, whatever state the others are in.
    pub weight: u32,
    /// What its replicas speak.
    pub protocol: Protocol,
    /// Its processes.
    pub replicas: Vec<Replica>,
}

/// All revisions, in an order that should stay the same from one set to the next.
///
/// A revision with weight but without a ready replica gets nothing; the others share its part by their weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// The revisions. Their weights sum to [`WHOLE`], unless there are none.
    pub revisions: Vec<Revision>,
}

/// Why a set of routes was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidRoutes {
    /// The weights are no division of the traffic.
    #[error("weights sum to {0} basis points; they must sum to 10000")]
    Weights(u64),
    /// Two revisions or two replicas share a name.
    #[error("{0} is named twice; names of revisions and of replicas must differ")]
    Twice(String),
    /// More than the proxy takes.
    #[error("{0} entries; at most {MAX_ENTRIES} revisions, and replicas of one revision, are taken")]
    TooMany(usize),
}

impl Routes {
    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), InvalidRoutes> {
        let sum: u64 = self.revisions.iter().map(|revision| u64::from(revision.weight)).sum();
        if sum != u64::from(WHOLE) && !self.revisions.is_empty() {
            return Err(InvalidRoutes::Weights(sum));
        }
        let sizes = self.revisions.iter().map(|revision| revision.replicas.len());
        if let Some(size) = sizes.chain([self.revisions.len()]).find(|size| *size > MAX_ENTRIES) {
            return Err(InvalidRoutes::TooMany(size));
        }
        let (mut revisions, mut replicas) = (BTreeSet::new(), BTreeSet::new());
        for revision in &self.revisions {
            if !revisions.insert(&revision.id) {
                return Err(InvalidRoutes::Twice(format!("revision {}", revision.id)));
            }
            for replica in &revision.replicas {
                if !replicas.insert(&replica.id) {
                    return Err(InvalidRoutes::Twice(format!("replica {}", replica.id)));
                }
            }
        }
        Ok(())
    }
}
