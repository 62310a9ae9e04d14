//! The routes in the forms they take: what is shared by all workers, and each worker's own copy with its connections.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::choice::Choice;
use super::counts::Recording;
use super::replica::{Attempt, Replica, note_failure};
use super::routes::{self, InvalidRoutes, ReplicaId, RevisionId, Routes};
use super::upstream::Upstream;

/// What the routes name, with its state. Guarded by a lock that no request takes.
#[derive(Debug, Default)]
pub(super) struct Registry {
    routes: Routes,
    /// The weights in effect, and the walk over them.
    weights: Vec<(RevisionId, u32)>,
    choice: Arc<Choice>,
    pub(super) recordings: BTreeMap<RevisionId, Arc<Recording>>,
    /// Those of the routes, and those that were taken out and still have something open.
    pub(super) replicas: HashMap<ReplicaId, Arc<Replica>>,
}

impl Registry {
    /// Takes new routes. A replica that they no longer name gets no request any more.
    pub(super) fn set(&mut self, routes: Routes) -> Result<(), InvalidRoutes> {
        routes.check()?;
        let mut recordings = BTreeMap::new();
        let mut replicas = HashMap::new();
        for revision in &routes.revisions {
            let recording = self.recordings.remove(&revision.id).unwrap_or_else(|| Arc::new(Recording::new()));
            for replica in &revision.replicas {
                let known = self.replicas.remove(&replica.id).filter(|known| {
                    known.address == replica.address
                        && known.protocol == revision.protocol
                        && Arc::ptr_eq(&known.recording, &recording)
                });
                let known = known.unwrap_or_else(|| {
                    let (id, recording) = (replica.id.clone(), Arc::clone(&recording));
                    Arc::new(Replica::new(id, replica.address, revision.protocol, recording))
                });
                replicas.insert(replica.id.clone(), known);
            }
            recordings.insert(revision.id.clone(), recording);
        }
        for (id, replica) in self.replicas.drain() {
            replica.start_drain();
            if replica.is_open() {
                replicas.entry(id).or_insert(replica);
            }
        }
        (self.routes, self.recordings, self.replicas) = (routes, recordings, replicas);
        self.settle();
        Ok(())
    }

    /// Takes a replica out of every choice.
    pub(super) fn start_drain(&mut self, replica: &ReplicaId) -> Option<Arc<Replica>> {
        let replica = self.replicas.get(replica).cloned()?;
        replica.start_drain();
        self.settle();
        Some(replica)
    }

    /// Begins a new walk if the weights in effect have changed: a side without a ready replica gets nothing, the others
    /// share its part.
    fn settle(&mut self) {
        let replicas = &self.replicas;
        let is_ready = |replica: &routes::Replica| {
            replica.ready && replicas.get(&replica.id).is_some_and(|replica| !replica.is_draining())
        };
        let weight = |revision: &routes::Revision| {
            let weight = if revision.replicas.iter().any(is_ready) { revision.weight } else { 0 };
            (revision.id.clone(), weight)
        };
        let weights: Vec<_> = self.routes.revisions.iter().map(weight).collect();
        if weights != self.weights {
            self.choice = Arc::new(Choice::new(weights.iter().map(|(_, weight)| *weight)));
            self.weights = weights;
        }
    }

    /// Drops the state of a replica that was drained.
    pub(super) fn forget(&mut self, drained: &Arc<Replica>) {
        if self.replicas.get(&drained.id).is_some_and(|known| Arc::ptr_eq(known, drained)) {
            self.replicas.remove(&drained.id);
        }
    }

    /// A worker's table of these routes, which keeps the connections of `upstreams`.
    pub(super) fn table(&self, upstreams: &mut Upstreams) -> Table {
        let mut kept = HashMap::new();
        let mut sides = Vec::new();
        for revision in &self.routes.revisions {
            let mut ready = Vec::new();
            for replica in &revision.replicas {
                let Some(shared) = self.replicas.get(&replica.id).filter(|replica| !replica.is_draining()) else {
                    continue;
                };
                let old = upstreams.open.remove(&replica.id).filter(|old| Arc::ptr_eq(&old.replica, shared));
                let upstream = old.unwrap_or_else(|| Arc::new(upstreams.open(shared)));
                if replica.ready {
                    ready.push(Arc::clone(&upstream));
                }
                kept.insert(replica.id.clone(), upstream);
            }
            sides.push(Side { weight: revision.weight, ready, turn: AtomicUsize::new(0) });
        }
        upstreams.open = kept;
        Table { choice: Arc::clone(&self.choice), sides }
    }
}

/// A worker's connections, by replica.
#[derive(Debug)]
pub(super) struct Upstreams {
    open: HashMap<ReplicaId, Arc<Upstream>>,
    connect_timeout: Duration,
    idle: Duration,
}

impl Upstreams {
    pub(super) fn new(connect_timeout: Duration, idle: Duration) -> Self {
        Self { open: HashMap::new(), connect_timeout, idle }
    }

    fn open(&self, replica: &Arc<Replica>) -> Upstream {
        Upstream::new(Arc::clone(replica), self.connect_timeout, self.idle)
    }
}

/// What a worker chooses from.
#[derive(Debug, Default)]
pub(super) struct Table {
    choice: Arc<Choice>,
    sides: Vec<Side>,
}

/// The ready replicas of a revision.
#[derive(Debug)]
struct Side {
    weight: u32,
    ready: Vec<Arc<Upstream>>,
    turn: AtomicUsize,
}

/// A replica that was chosen, and the attempt that has begun there.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) upstream: Arc<Upstream>,
    pub(super) attempt: Attempt,
    /// Whose side it is on.
    pub(super) side: usize,
}

impl Table {
    /// The revision that the next request belongs to; none if none has both weight and a ready replica.
    pub(super) fn side(&self) -> Option<usize> {
        self.choice.next()
    }

    /// Begins an attempt at a replica of `side` that is not in `tried`, or else of another revision with weight. Each
    /// replica looked at is added to `tried`.
    pub(super) fn begin(&self, side: usize, tried: &mut Vec<Arc<Replica>>) -> Option<Chosen> {
        let others = (0..self.sides.len()).filter(|other| *other != side && self.sides[*other].weight > 0);
        for side in std::iter::once(side).chain(others) {
            while let Some(upstream) = self.sides.get(side)?.pick(tried) {
                tried.push(Arc::clone(&upstream.replica));
                if let Some(attempt) = upstream.replica.begin(Instant::now()) {
                    return Some(Chosen { upstream: Arc::clone(upstream), attempt, side });
                }
            }
        }
        None
    }

    /// Counts a connection failure of a replica that was chosen from `side`, which may eject it.
    pub(super) fn note_failure(&self, side: usize, replica: &Replica) {
        let side = &self.sides[side];
        note_failure(replica, side.ready.iter().map(|upstream| &*upstream.replica), Instant::now());
    }
}

impl Side {
    /// The replica with the least in flight, at equal the next in turn. An ejected one only if there is no other.
    fn pick(&self, tried: &[Arc<Replica>]) -> Option<&Arc<Upstream>> {
        if let ([only], []) = (&self.ready[..], tried) {
            return Some(only);
        }
        let now = Instant::now();
        let turn = self.turn.fetch_add(1, Relaxed) % self.ready.len().max(1);
        let (later, first) = self.ready.split_at(turn);
        let untried = first.iter().chain(later).filter(|upstream| {
            let replica = &upstream.replica;
            !tried.iter().any(|tried| Arc::ptr_eq(tried, replica))
        });
        untried.min_by_key(|upstream| (upstream.replica.is_ejected(now), upstream.replica.in_flight()))
    }
}
