//! The replicas of one revision.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rollout::RevisionId;
use rollout::wire::{Deployed, Happening, Protocol};
use rollout_runner::store::{Change, Happened};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::{Local, address, lock, now};
use crate::proxy;
use crate::supervisor::{Event, Exit, Keeper, Launch, Replica};

/// How many replicas there shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) replicas: u32,
    /// Whether those that go get only the short drain.
    pub(super) abort: bool,
}

/// What is known of the replicas of one revision.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) protocol: Protocol,
    goal: watch::Sender<Goal>,
    /// By number and process.
    slots: BTreeMap<(u32, i32), Slot>,
    /// How many ended without being asked to.
    pub(super) exits: u64,
    task: AbortHandle,
}

#[derive(Debug)]
struct Slot {
    address: SocketAddr,
    ready: bool,
    /// It gets no requests any more.
    leaving: bool,
}

impl Side {
    /// Sets how many replicas there shall be.
    pub(super) fn aim(&self, goal: Goal) {
        self.goal.send_replace(goal);
    }

    pub(super) fn desired(&self) -> u32 {
        self.goal.borrow().replicas
    }

    pub(super) fn running(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn ready(&self) -> u32 {
        u32::try_from(self.slots.values().filter(|slot| slot.ready && !slot.leaving).count()).unwrap_or(u32::MAX)
    }

    /// Stops watching the replicas: nothing restarts them, and they run on.
    pub(super) fn release(&self) {
        self.task.abort();
    }

    /// The replicas as the proxy knows them.
    pub(super) fn routed(&self) -> Vec<proxy::Replica> {
        let here = self.slots.iter().filter(|(_, slot)| !slot.leaving);
        here.map(|(key, slot)| proxy::Replica { id: replica_id(*key), address: slot.address, ready: slot.ready })
            .collect()
    }

    /// The ready replicas by number.
    pub(super) fn addresses(&self) -> BTreeMap<u32, SocketAddr> {
        let ready = self.slots.iter().filter(|(_, slot)| slot.ready && !slot.leaving);
        ready.map(|((index, _), slot)| (*index, slot.address)).collect()
    }
}

/// A process that is started anew has another name.
fn replica_id((index, pid): (u32, i32)) -> proxy::ReplicaId {
    format!("{index}-{pid}").into()
}

/// Keeps replicas until the goal is none and none is left.
pub(super) fn start(local: Arc<Local>, deployed: &Deployed, launch: Launch, goal: Goal) -> Side {
    let (keeper, events) = Keeper::start(local.shared.supervisor.clone(), launch, goal.replicas, Vec::new());
    keep(local, deployed, goal, keeper, events)
}

/// The same with what an earlier agent left. Nothing is started or ended before somebody says how many there shall be.
pub(super) fn adopt(local: Arc<Local>, deployed: &Deployed, launch: Launch, adopted: Vec<Replica>) -> Side {
    let replicas = adopted.iter().map(|replica| replica.identity().index + 1).max().unwrap_or(0);
    let (keeper, events) = Keeper::adopt(local.shared.supervisor.clone(), launch, adopted);
    keep(local, deployed, Goal { replicas, abort: false }, keeper, events)
}

fn keep(
    local: Arc<Local>,
    deployed: &Deployed,
    goal: Goal,
    keeper: Keeper,
    events: mpsc::UnboundedReceiver<Event>,
) -> Side {
    let (sender, goals) = watch::channel(goal);
    let task = Task { local, revision: deployed.id.clone(), keeper, kept: goal.replicas };
    let task = tokio::spawn(task.run(goals, events)).abort_handle();
    Side { protocol: deployed.revision.protocol, goal: sender, slots: BTreeMap::new(), exits: 0, task }
}

struct Task {
    local: Arc<Local>,
    revision: RevisionId,
    keeper: Keeper,
    /// How many the keeper keeps.
    kept: u32,
}

type Draining = Pin<Box<dyn Future<Output = u32> + Send>>;

impl Task {
    async fn run(mut self, mut goals: watch::Receiver<Goal>, mut events: mpsc::UnboundedReceiver<Event>) {
        let mut draining: Option<Draining> = None;
        loop {
            let goal = *goals.borrow_and_update();
            if draining.is_none() && self.has_settled() {
                if goal.replicas > self.kept {
                    self.kept = goal.replicas;
                    self.keeper.set_replicas(self.kept);
                } else if goal.replicas < self.kept {
                    draining = Some(self.drain(goal));
                } else if goal.replicas == 0 && self.is_over() {
                    break;
                }
            }
            tokio::select! {
                left = async { match &mut draining { Some(draining) => draining.await, None => std::future::pending().await } } => {
                    draining = None;
                    self.kept = left;
                    let stop_timeout = lock(&self.local.state).service.as_ref().map(|service| service.stop_timeout);
                    if let Some(stop_timeout) = stop_timeout {
                        self.keeper.set_stop_timeout(stop_timeout.into());
                    }
                    self.keeper.set_replicas(left);
                }
                event = events.recv() => match event {
                    Some(event) => self.note(event).await,
                    None => break,
                },
                // The sender lives in the side, which goes only by this task or with the whole target.
                changed = goals.changed() => match changed {
                    // Of what was adopted some may be missing.
                    Ok(()) if draining.is_none() && goals.borrow().replicas == self.kept => self.keeper.set_replicas(self.kept),
                    Ok(()) => {}
                    Err(_) => break,
                },
            }
        }
        self.keeper.end().await;
        self.local.changed.notify_one();
        self.local.changed.notify_waiters();
    }

    /// Whether no replica is left beyond those that are kept: only then can numbers be given out again.
    fn has_settled(&self) -> bool {
        let state = lock(&self.local.state);
        state.sides.get(&self.revision).is_none_or(|side| side.slots.keys().all(|(index, _)| *index < self.kept))
    }

    /// Takes the side out if nothing is wanted of it any more. Whoever wants something after that begins a new one.
    fn is_over(&self) -> bool {
        let mut state = lock(&self.local.state);
        let over = state.sides.get(&self.revision).is_some_and(|side| side.desired() == 0 && side.slots.is_empty());
        if over {
            state.sides.remove(&self.revision);
            self.local.route(&mut state);
        }
        over
    }

    /// Takes replicas out of the choice and waits until their requests have ended; gives how many stay.
    fn drain(&self, goal: Goal) -> Draining {
        let mut state = lock(&self.local.state);
        let service = state.service.clone();
        let limit: Duration =
            service.map_or(
                Duration::ZERO,
                |service| {
                    if goal.abort { service.abort_drain.into() } else { service.drain.into() }
                },
            );
        let mut leaving = Vec::new();
        if let Some(side) = state.sides.get_mut(&self.revision) {
            for (key, slot) in side.slots.iter_mut().filter(|((index, _), _)| *index >= goal.replicas) {
                slot.leaving = true;
                leaving.push(replica_id(*key));
            }
        }
        let drains: Vec<_> = leaving.iter().filter_map(|replica| state.door.drain(replica, limit)).collect();
        self.local.route(&mut state);
        drop(state);
        self.local.changed.notify_one();
        let shared = Arc::clone(&self.local.shared);
        Box::pin(async move {
            let mut all = tokio::task::JoinSet::new();
            for drain in drains {
                all.spawn(drain);
            }
            all.join_all().await;
            shared.predecessor_gone(limit).await;
            goal.replicas
        })
    }

    /// Notes what happened to a replica; it gets traffic only after it is recorded.
    async fn note(&self, event: Event) {
        match event {
            Event::Started { replica } => {
                let identity = replica.identity();
                let (index, pid) = (identity.index, identity.pid);
                tracing::info!(service = %self.local.name, revision = %self.revision, index, pid, "replica started");
                let known = !self.local.shared.store.target(&self.key(index, pid)).is_empty();
                let what = if known { "goes on" } else { "started" };
                self.record(index, pid, serde_json::to_value(identity).ok(), format!("{what} as process {pid}")).await;
                let slot = Slot { address: address(replica.port()), ready: false, leaving: false };
                self.change(|side| {
                    side.slots.insert((index, pid), slot);
                });
            }
            Event::Ready { index } => {
                self.happened(index, "ready".to_owned()).await;
                self.change(|side| side.set_ready(index, true));
            }
            Event::NotReady { index } => {
                self.change(|side| side.set_ready(index, false));
                self.happened(index, "not ready".to_owned()).await;
            }
            Event::Exited { index, exit, expected } => {
                let how = match exit {
                    Exit::Code(code) => format!("ended with code {code}"),
                    Exit::Signal(signal) => format!("ended by signal {signal}"),
                    Exit::Unknown => "ended".to_owned(),
                };
                tracing::info!(service = %self.local.name, revision = %self.revision, index, expected, "replica {how}");
                let mut gone = Vec::new();
                self.change(|side| {
                    gone = side.slots.keys().filter(|key| key.0 == index).copied().collect();
                    side.slots.retain(|key, _| key.0 != index);
                    side.exits += u64::from(!expected);
                });
                for (index, pid) in gone {
                    self.record(index, pid, None, how.clone()).await;
                }
            }
            Event::CannotStart { index, error } => {
                tracing::warn!(service = %self.local.name, revision = %self.revision, index, %error, "replica not started");
                self.happened(index, format!("cannot start: {error}")).await;
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Side)) {
        let mut state = lock(&self.local.state);
        if let Some(side) = state.sides.get_mut(&self.revision) {
            change(side);
        }
        self.local.route(&mut state);
        drop(state);
        self.local.changed.notify_one();
    }

    async fn happened(&self, index: u32, what: String) {
        self.save(Vec::new(), index, what).await;
    }

    async fn record(&self, index: u32, pid: i32, identity: Option<serde_json::Value>, what: String) {
        self.save(vec![(self.key(index, pid), identity)], index, what).await;
    }

    fn key(&self, index: u32, pid: i32) -> String {
        format!("{}/{}/{index}/{pid}", self.local.name, self.revision)
    }

    async fn save(&self, target: Vec<(String, Option<serde_json::Value>)>, index: u32, what: String) {
        let happening = Happening::Replica { revision: self.revision.clone(), index, what };
        let happened = Happened { at: now(), service: self.local.name.clone(), rollout_id: None, happening };
        let change = Change { service: None, happenings: vec![happened], target };
        if let Err(error) = self.local.shared.store.save(change).await {
            // It serves all the same. An agent that comes after finds it by its marker, ends it and starts another.
            tracing::error!(service = %self.local.name, %error, "a replica could not be recorded");
        }
    }
}

impl Side {
    fn set_ready(&mut self, index: u32, ready: bool) {
        for (_, slot) in self.slots.iter_mut().filter(|(key, _)| key.0 == index) {
            slot.ready = ready;
        }
    }
}
