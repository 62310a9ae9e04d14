//! The local target: replicas of every revision as processes, and the proxy before them.

mod door;
mod metrics;
mod side;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rollout::gate::http::{Answer, Probe, Round};
use rollout::machine::{FailureKind, Fleet, Observation};
use rollout::revision::Revision;
use rollout::wire::{Deployed, Error, Protocol, Service};
use rollout::{Millis, RevisionId, Weights};
use rollout_runner::{Record, Store, Target, TargetError, Targets, Traffic, Work};
use tokio::sync::Notify;

use crate::proxy;
use crate::supervisor::{Identity, Launch, Logs, Probe as Asked, Readiness, Replica, Supervisor, get};
use door::Door;
use metrics::Metrics;
use side::{Goal, Side};

/// What all services of an agent share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) supervisor: Supervisor,
    pub(crate) store: Store,
    /// Where replicas log, a directory for each service.
    pub(crate) logs: PathBuf,
    /// The agent that handed over, which may still serve requests.
    pub(crate) predecessor: Option<rustix::process::Pid>,
}

impl Shared {
    /// Waits until the agent before this one serves nothing any more, at most so long.
    async fn predecessor_gone(&self, limit: Duration) {
        let Some(pid) = self.predecessor else { return };
        let gone = async {
            while rustix::process::test_kill_process(pid).is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(limit, gone).await;
    }
}

/// Makes the targets of services.
pub(crate) struct Locals {
    shared: Arc<Shared>,
    /// What another agent left, until the service is restored.
    adopted: Mutex<BTreeMap<String, Vec<(RevisionId, Replica)>>>,
    inherited: Mutex<BTreeMap<String, TcpListener>>,
    /// Every target that was made, for handing over and for ending all.
    made: Mutex<BTreeMap<String, Arc<Local>>>,
}

impl Locals {
    /// Adopts every replica that is recorded and runs, and ends those that are not recorded. Must come before anything is started.
    pub(crate) async fn new(shared: Shared, inherited: BTreeMap<String, TcpListener>) -> std::io::Result<Self> {
        let mut adopted: BTreeMap<String, Vec<(RevisionId, Replica)>> = BTreeMap::new();
        let mut known = Vec::new();
        let mut gone = Vec::new();
        for (name, record) in shared.store.services() {
            for (key, value) in shared.store.target(&format!("{name}/")) {
                let replica = serde_json::from_value::<Identity>(value).ok().and_then(|identity| {
                    let revision = RevisionId::from(key.split('/').nth(1)?);
                    let launch = launch(&record.service, record.revisions.get(&revision)?, &shared.logs).ok()?;
                    let replica = shared.supervisor.adopt(identity.clone(), &launch)?;
                    known.push(identity);
                    Some((revision, replica))
                });
                match replica {
                    Some(replica) => adopted.entry(name.clone()).or_default().push(replica),
                    None => gone.push((key, None)),
                }
            }
        }
        let ended = shared.supervisor.end_strays(&known).await?;
        tracing::info!(adopted = known.len(), gone = gone.len(), strays = ended, "replicas of the agent before");
        if !gone.is_empty() {
            let change = rollout_runner::store::Change { target: gone, ..Default::default() };
            if let Err(error) = shared.store.save(change).await {
                tracing::warn!(%error, "replicas that are gone stay recorded");
            }
        }
        let (adopted, inherited) = (Mutex::new(adopted), Mutex::new(inherited));
        Ok(Self { shared: Arc::new(shared), adopted, inherited, made: Mutex::default() })
    }

    /// Every service with its target.
    pub(crate) fn all(&self) -> BTreeMap<String, Arc<Local>> {
        lock(&self.made).clone()
    }

    fn make(&self, name: &str, door: Door) -> Arc<Local> {
        let local = Arc::new_cyclic(|me| Local {
            me: Weak::clone(me),
            shared: Arc::clone(&self.shared),
            name: name.to_owned(),
            state: Mutex::new(State {
                service: None,
                weights: Weights::new(),
                sides: BTreeMap::new(),
                door,
                metrics: Metrics::Off,
                ended: false,
            }),
            changed: Notify::new(),
        });
        let mut made = lock(&self.made);
        made.retain(|_, other| !lock(&other.state).ended);
        made.insert(name.to_owned(), Arc::clone(&local));
        drop(made);
        local
    }
}

impl Targets for Locals {
    fn create(&self, name: &str) -> Arc<dyn Target> {
        self.make(name, Door::Closed)
    }

    fn restore<'a>(&'a self, record: &'a Record) -> Work<'a, Arc<dyn Target>> {
        Box::pin(async move {
            let name = &record.service.name;
            let door = lock(&self.inherited).remove(name).map_or(Door::Closed, Door::Inherited);
            let local = self.make(name, door);
            lock(&local.state).service = Some(record.service.clone());
            local.mend(&mut lock(&local.state));
            let mut adopted: BTreeMap<RevisionId, Vec<Replica>> = BTreeMap::new();
            for (revision, replica) in lock(&self.adopted).remove(name).unwrap_or_default() {
                adopted.entry(revision).or_default().push(replica);
            }
            for (revision, replicas) in adopted {
                if let Some(deployed) = record.revisions.get(&revision) {
                    let adopted = local.begin(deployed, |me, launch| side::adopt(me, deployed, launch, replicas));
                    if let Err(error) = adopted {
                        tracing::error!(service = %name, %revision, %error, "its replicas run on and are not watched");
                    }
                }
            }
            local as Arc<dyn Target>
        })
    }
}

/// One service on this machine.
#[derive(Debug)]
pub(crate) struct Local {
    /// For the tasks that watch its replicas.
    me: Weak<Self>,
    shared: Arc<Shared>,
    name: String,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// The settings in effect.
    service: Option<Service>,
    weights: Weights,
    sides: BTreeMap<RevisionId, Side>,
    door: Door,
    metrics: Metrics,
    /// Whether the port is closed for good.
    ended: bool,
}

impl Local {
    /// Another handle of the socket that users come in on; none while the port is closed.
    pub(crate) fn listener(&self) -> Option<std::io::Result<TcpListener>> {
        lock(&self.state).door.listener()
    }

    /// Stops watching the replicas, which run on.
    pub(crate) fn release(&self) {
        lock(&self.state).sides.values().for_each(Side::release);
    }

    /// Serves what is open to its end, at most as long as a drain takes, and accepts nothing more.
    pub(crate) async fn shut(&self) {
        let shut = {
            let mut state = lock(&self.state);
            state.metrics = Metrics::Off;
            state.ended = true;
            let drain = state.service.as_ref().map_or(Duration::ZERO, |service| service.drain.into());
            state.door.shut(drain)
        };
        if let Some(shut) = shut {
            shut.await;
        }
    }

    /// Brings the settings into effect that the door and the replicas have of them.
    fn apply(&self, service: &Service) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let metrics = state.service.as_ref().and_then(|service| service.metrics_port);
        state.metrics.configure(service.metrics_port)?;
        if let Err(error) = state.door.configure(service) {
            state.metrics.configure(metrics)?;
            return Err(error);
        }
        state.service = Some(service.clone());
        self.route(&mut state);
        Ok(())
    }

    /// Takes the ports that are recorded and that somebody else had when the agent was started.
    fn mend(&self, state: &mut State) {
        let Some(service) = state.service.clone().filter(|_| !state.ended) else { return };
        if let Err(error) = state.metrics.configure(service.metrics_port) {
            tracing::error!(service = %self.name, %error, "its metrics cannot be reached");
        }
        if state.door.is_to_be(&service) {
            return;
        }
        match state.door.configure(&service) {
            Ok(()) => self.route(state),
            Err(error) => tracing::error!(service = %self.name, %error, "the service cannot be reached"),
        }
    }

    /// Starts to keep the replicas of a revision.
    fn begin(&self, deployed: &Deployed, side: impl FnOnce(Arc<Self>, Launch) -> Side) -> Result<(), TargetError> {
        let Some(me) = self.me.upgrade() else { return Err(permanent("the service is ending".to_owned())) };
        let mut state = lock(&self.state);
        let Some(service) = &state.service else {
            return Err(permanent("the service has no settings yet".to_owned()));
        };
        let launch = launch(service, deployed, &self.shared.logs).map_err(permanent)?;
        state.sides.insert(deployed.id.clone(), side(me, launch));
        self.route(&mut state);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Tells the proxy where requests may go, and opens the port once somebody can take them.
    fn route(&self, state: &mut State) {
        let weight = |revision: &RevisionId| state.weights.get(revision).map_or(0, |weight| weight.basis_points());
        let named = state.sides.keys().chain(state.weights.keys()).collect::<std::collections::BTreeSet<_>>();
        if state.weights.is_empty() {
            return;
        }
        let revisions: Vec<_> = named
            .into_iter()
            .map(|revision| proxy::Revision {
                id: revision.as_str().into(),
                weight: u32::from(weight(revision)),
                protocol: match state.sides.get(revision).map(|side| side.protocol) {
                    Some(Protocol::H2c) => proxy::Protocol::H2c,
                    Some(Protocol::Http1) | None => proxy::Protocol::Http1,
                },
                replicas: state.sides.get(revision).map(Side::routed).unwrap_or_default(),
            })
            .collect();
        let ready = revisions.iter().any(|revision| revision.weight > 0 && revision.replicas.iter().any(|r| r.ready));
        if let Err(error) = state.door.route(proxy::Routes { revisions }, ready) {
            tracing::error!(service = %self.name, %error, "the traffic could not be spread as it should be");
        }
        if let Some(proxy) = state.door.proxy().cloned() {
            state.metrics.serve(&self.name, &proxy);
        }
    }

    fn fleet(side: &Side) -> Fleet {
        Fleet { desired: side.desired(), running: side.running(), ready: side.ready(), exits: side.exits }
    }
}

impl Target for Local {
    fn prepare<'a>(&'a self, service: &'a Service, revision: &'a Revision) -> Work<'a, Result<Deployed, Error>> {
        Box::pin(async move {
            let mut deployed = Deployed { id: revision.id(), revision: revision.clone(), executable: None };
            if !service.working_dir.is_dir() {
                let why = format!("{} is missing or not a directory: make it", service.working_dir.display());
                return Err(Error::Invalid { what: "target.local.working_dir".to_owned(), why });
            }
            let launch = launch(service, &deployed, &self.shared.logs)
                .map_err(|why| Error::Invalid { what: COMMAND.into(), why })?;
            let digest = self.shared.supervisor.digest(&launch).await;
            let digest = digest.map_err(|error| Error::Invalid { what: COMMAND.to_owned(), why: error.to_string() })?;
            deployed.executable = Some(digest.to_string());
            Ok(deployed)
        })
    }

    fn configure<'a>(&'a self, service: &'a Service) -> Work<'a, Result<(), Error>> {
        Box::pin(async move { self.apply(service) })
    }

    fn ensure<'a>(&'a self, revision: &'a Deployed, replicas: u32, abort: bool) -> Work<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let goal = Goal { replicas, abort };
            if let Some(side) = lock(&self.state).sides.get(&revision.id) {
                side.aim(goal);
                self.changed.notify_one();
                return Ok(());
            }
            if replicas == 0 {
                return Ok(());
            }
            self.begin(revision, |me, launch| side::start(me, revision, launch, goal))
        })
    }

    fn shift<'a>(&'a self, weights: &'a Weights) -> Work<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let mut state = lock(&self.state);
            state.weights.clone_from(weights);
            self.route(&mut state);
            drop(state);
            self.changed.notify_one();
            Ok(())
        })
    }

    fn observe(&self) -> Observation {
        let mut state = lock(&self.state);
        self.mend(&mut state);
        let fleet = state.sides.iter().map(|(revision, side)| (revision.clone(), Local::fleet(side))).collect();
        Observation { fleet, weights: state.weights.clone() }
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.changed.notified())
    }

    fn traffic(&self) -> BTreeMap<RevisionId, Traffic> {
        let counts = lock(&self.state).door.counts();
        let traffic = |counts: proxy::Counts| Traffic { requests: counts.requests, errors: counts.error_total() };
        counts.into_iter().map(|(id, counts)| (RevisionId::from(id.as_str()), traffic(counts))).collect()
    }

    fn probe<'a>(&'a self, revision: &'a RevisionId, probe: &'a Probe) -> Work<'a, Round> {
        let (replicas, http2) = {
            let state = lock(&self.state);
            let side = state.sides.get(revision);
            (side.map(Side::addresses).unwrap_or_default(), side.is_some_and(|side| side.protocol == Protocol::H2c))
        };
        Box::pin(async move {
            let mut round = Round::new();
            // One after the other: there are few, and a candidate is not to be loaded by being asked.
            for (index, address) in replicas {
                let answer =
                    match tokio::time::timeout(probe.timeout.into(), get(address.port(), &probe.path, http2)).await {
                        Ok(Ok(status)) => Answer::Status(status.as_u16()),
                        Ok(Err(_)) => Answer::Unreachable,
                        Err(_) => Answer::Timeout,
                    };
                round.insert(index, answer);
            }
            round
        })
    }

    fn remove(&self) -> Work<'_, ()> {
        Box::pin(async move {
            self.shut().await;
            for side in lock(&self.state).sides.values() {
                side.aim(Goal { replicas: 0, abort: false });
            }
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if lock(&self.state).sides.is_empty() {
                    break;
                }
                changed.await;
            }
            lock(&self.state).door = Door::Closed;
        })
    }
}

const COMMAND: &str = "target.local.command";

/// How replicas of a revision are started.
fn launch(service: &Service, deployed: &Deployed, logs: &std::path::Path) -> Result<Launch, String> {
    let Revision { version, command, env, readiness, protocol } = &deployed.revision;
    let sha256 = deployed.executable.as_deref().map(str::parse).transpose();
    let probe = match &readiness.path {
        Some(path) => Asked::Http { path: path.clone(), http2: *protocol == Protocol::H2c },
        None => Asked::Port,
    };
    Ok(Launch {
        service: service.name.clone(),
        revision: deployed.id.to_string(),
        argv: command.iter().map(|part| part.replace("{version}", version)).collect(),
        env: env.clone(),
        working_dir: service.working_dir.clone(),
        sha256: sha256.map_err(|error| format!("the recorded SHA-256 of the executable cannot be read: {error}"))?,
        readiness: Readiness {
            probe,
            interval: readiness.interval.into(),
            timeout: readiness.timeout.into(),
            failures: readiness.failures,
        },
        stop_timeout: service.stop_timeout.into(),
        logs: Logs { directory: logs.join(&service.name), limit: service.log_limit },
    })
}

fn permanent(message: String) -> TargetError {
    TargetError { kind: FailureKind::Permanent, message }
}

/// The wall clock.
pub(crate) fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address of a replica.
fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
