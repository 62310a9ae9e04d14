//! A target in memory, a host over it, and ways to end both at any point.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use disk::journal::read;
use rollout::gate::error_rate::Limits as ErrorLimits;
use rollout::gate::http::{Probe, Round};
use rollout::gate::{Gate, Metric, NoData};
use rollout::machine::{Fleet, Observation};
use rollout::plan::Limits;
use rollout::plan::canary::{CanaryOptions, Pause, Rung, compile};
use rollout::revision::Revision;
use rollout::wire::{self, Deployed, Protocol, Readiness, Service, StartRequest, Status};
use rollout::{Millis, Plan, RevisionId, Span, Weight, Weights};
use rollout_runner::{Host, Record, Store, Target, TargetError, Targets, Traffic, Whoami, Work};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::disk_of_tests::Disk;

/// Of the time of the test, which passes as soon as everybody waits.
pub(crate) const DEADLINE: Duration = Duration::from_hours(1);

/// A command as the target got it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Ensure(RevisionId, u32),
    Shift(Weights),
}

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) inner: Mutex<Inner>,
    changed: Notify,
    /// One for each command that may be carried out.
    permits: Semaphore,
    /// One for each removal that may come to its end.
    pub(crate) removals: Semaphore,
    disk: Mutex<Disk>,
}

#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Inner {
    pub(crate) fleet: BTreeMap<RevisionId, Fleet>,
    pub(crate) weights: Weights,
    pub(crate) traffic: BTreeMap<RevisionId, Traffic>,
    pub(crate) given: Vec<Given>,
    pub(crate) service: Option<Service>,
    pub(crate) removed: bool,
    /// Replicas are started and do not become ready.
    pub(crate) unready: bool,
    /// Settings are refused.
    pub(crate) refuses: bool,
    /// Commands that nothing in the journal stands for.
    pub(crate) unannounced: Vec<Given>,
    /// Whether commands may come without the journal, for its disk is full.
    pub(crate) unrecorded: bool,
}

impl Fake {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    /// The replicas of a revision get ready.
    pub(crate) fn ready(&self, revision: &RevisionId) {
        self.change(|inner| {
            inner.unready = false;
            let fleet = inner.fleet.get_mut(revision).expect("it has replicas");
            fleet.ready = fleet.desired;
        });
    }

    /// So many requests more, some of which failed.
    pub(crate) fn serve(&self, revision: &RevisionId, requests: u64, errors: u64) {
        let mut inner = self.lock();
        let traffic = inner.traffic.entry(revision.clone()).or_default();
        traffic.requests += requests;
        traffic.errors += errors;
    }

    /// From now on only so many commands are carried out.
    pub(crate) fn allow(&self, commands: usize) {
        self.permits.forget_permits(Semaphore::MAX_PERMITS);
        self.permits.add_permits(commands);
    }

    /// Notes a command, and whether the journal holds what it belongs to. `in_journal` looks at the service's state.
    fn note(&self, given: Given, in_journal: impl Fn(&Value) -> bool) {
        let announced = states(&self.disk.lock().unwrap()).iter().any(in_journal);
        let mut inner = self.lock();
        if !announced && !inner.unrecorded {
            inner.unannounced.push(given.clone());
        }
        inner.given.push(given);
    }
}

/// Every state of the service that is durable.
fn states(disk: &Disk) -> Vec<Value> {
    // Only what would be found after a loss of power.
    let found = read(&disk.after_crash(), Path::new("state"), "rollouts").unwrap().expect("a journal");
    let texts = found.snapshot.iter().chain(&found.records);
    let services = texts.filter_map(|text| {
        let saved: Value = serde_json::from_slice(text).unwrap();
        Some(saved.get("services")?.get(0)?.get(1)?.get("state")?.clone())
    });
    services.collect()
}

impl Target for Fake {
    fn prepare<'a>(&'a self, _: &'a Service, revision: &'a Revision) -> Work<'a, Result<Deployed, wire::Error>> {
        let deployed = Deployed { id: revision.id(), revision: revision.clone(), executable: None };
        Box::pin(async move { Ok(deployed) })
    }

    fn configure<'a>(&'a self, service: &'a Service) -> Work<'a, Result<(), wire::Error>> {
        Box::pin(async move {
            let mut inner = self.lock();
            if inner.refuses {
                return Err(wire::Error::Invalid { what: "target".to_owned(), why: "no".to_owned() });
            }
            inner.service = Some(service.clone());
            Ok(())
        })
    }

    fn ensure<'a>(&'a self, revision: &'a Deployed, replicas: u32, _: bool) -> Work<'a, Result<(), TargetError>> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            let id = revision.id.clone();
            let text = id.to_string();
            self.note(Given::Ensure(id.clone(), replicas), |state| {
                state["ensures"][&text]["goal"]["count"] == replicas
            });
            self.change(|inner| {
                if replicas == 0 {
                    inner.fleet.remove(&id);
                } else {
                    let ready = if inner.unready { 0 } else { replicas };
                    let exits = inner.fleet.get(&id).map_or(0, |fleet| fleet.exits);
                    inner.fleet.insert(id, Fleet { desired: replicas, running: replicas, ready, exits });
                }
            });
            Ok(())
        })
    }

    fn shift<'a>(&'a self, weights: &'a Weights) -> Work<'a, Result<(), TargetError>> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            let json = serde_json::to_value(weights).unwrap();
            self.note(Given::Shift(weights.clone()), |state| state["shift"]["goal"] == json);
            self.change(|inner| inner.weights.clone_from(weights));
            Ok(())
        })
    }

    fn observe(&self) -> Observation {
        let inner = self.lock();
        Observation { fleet: inner.fleet.clone(), weights: inner.weights.clone() }
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.changed.notified())
    }

    fn traffic(&self) -> BTreeMap<RevisionId, Traffic> {
        self.lock().traffic.clone()
    }

    fn probe<'a>(&'a self, _: &'a RevisionId, _: &'a Probe) -> Work<'a, Round> {
        Box::pin(async { Round::new() })
    }

    fn remove(&self) -> Work<'_, ()> {
        Box::pin(async {
            self.removals.acquire().await.unwrap().forget();
            let mut inner = self.lock();
            (inner.fleet, inner.weights, inner.removed) = (BTreeMap::new(), Weights::new(), true);
        })
    }
}

/// Makes fakes, or gives those back that there are.
#[derive(Debug)]
pub(crate) struct Fakes {
    disk: Disk,
    /// Replicas that are started after a reboot are not ready before they are told to.
    slow: bool,
    pub(crate) all: Mutex<BTreeMap<String, Arc<Fake>>>,
}

impl Fakes {
    fn fake(&self, inner: Inner) -> Arc<Fake> {
        Arc::new(Fake {
            inner: Mutex::new(inner),
            changed: Notify::new(),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            removals: Semaphore::new(Semaphore::MAX_PERMITS),
            disk: Mutex::new(self.disk.clone()),
        })
    }
}

impl Targets for Fakes {
    fn create(&self, name: &str) -> Arc<dyn Target> {
        let fake = self.fake(Inner::default());
        self.all.lock().unwrap().insert(name.to_owned(), Arc::clone(&fake));
        fake
    }

    fn restore<'a>(&'a self, record: &'a Record) -> Work<'a, Arc<dyn Target>> {
        Box::pin(async move {
            // Replicas run on, and the proxy knows nothing any more.
            let old = self.all.lock().unwrap().get(&record.service.name).map(|fake| fake.lock().clone());
            let fresh = Inner { unready: self.slow, ..Inner::default() };
            let inner = Inner { weights: Weights::new(), given: Vec::new(), ..old.unwrap_or(fresh) };
            let fake = self.fake(inner);
            self.all.lock().unwrap().insert(record.service.name.clone(), Arc::clone(&fake));
            fake as Arc<dyn Target>
        })
    }
}

pub(crate) struct World {
    pub(crate) disk: Disk,
    pub(crate) host: Arc<Host>,
    pub(crate) fakes: Arc<Fakes>,
    began: Instant,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::open(Disk::default(), BTreeMap::new(), Instant::now(), false).await
    }

    async fn open(disk: Disk, fakes: BTreeMap<String, Arc<Fake>>, began: Instant, rebooted: bool) -> Self {
        let (store, _) = Store::on(Arc::new(disk.clone()), Path::new("state")).unwrap();
        let fakes = Arc::new(Fakes { disk: disk.clone(), slow: rebooted, all: Mutex::new(fakes) });
        let whoami = Whoami { agent_id: "a".to_owned(), host: "h".to_owned(), rebooted };
        let clock = move || Millis(1_000_000 + i64::try_from(began.elapsed().as_millis()).unwrap());
        let host = Host::open(store, Arc::clone(&fakes) as Arc<dyn Targets>, whoami, clock).await;
        Self { disk, host, fakes, began }
    }

    /// Another host where this one lost its power; what it did since is no part of the world.
    pub(crate) async fn after_crash(&self) -> Self {
        let copy = |(name, fake): (&String, &Arc<Fake>)| (name.clone(), self.fakes.fake(fake.lock().clone()));
        let copies = self.fakes.all.lock().unwrap().iter().map(copy).collect();
        Self::open(self.disk.after_crash(), copies, self.began, false).await
    }

    /// Another host after this one was closed.
    pub(crate) async fn reopened(self, rebooted: bool) -> Self {
        self.host.close().await;
        let mut fakes = std::mem::take(&mut *self.fakes.all.lock().unwrap());
        if rebooted {
            fakes.clear();
        }
        Self::open(self.disk, fakes, self.began, rebooted).await
    }

    pub(crate) fn fake(&self) -> Arc<Fake> {
        Arc::clone(&self.fakes.all.lock().unwrap()["api"])
    }

    pub(crate) fn status(&self) -> Status {
        self.host.status("api").unwrap()
    }

    /// Waits until the status is like that.
    pub(crate) async fn until(&self, text: &str, what: impl FnMut(&Status) -> bool) -> Status {
        let mut status = self.host.follow("api").unwrap();
        let reached = tokio::time::timeout(DEADLINE, status.wait_for(what)).await.map(|found| found.map(|s| s.clone()));
        match reached {
            Ok(Ok(status)) => status,
            other => panic!("never: {text}: {other:?}\n{:#?}", self.host.status("api")),
        }
    }

    /// Waits until a version has everything and nothing goes on.
    pub(crate) async fn settles(&self, version: &str) -> Status {
        self.until(version, |status| {
            let stable = status.stable.as_ref();
            status.phase == wire::Phase::Idle
                && status.fleet.len() == 1
                && stable.is_some_and(|stable| {
                    stable.revision.version == version && status.weights.get(&stable.id) == Some(&Weight::ALL)
                })
        })
        .await
    }

    pub(crate) async fn deploy(&self, version: &str) -> Status {
        let generation = self.host.status("api").map_or(0, |status| status.generation);
        self.host.start(request(version, generation, plan(&[], &[]))).await.unwrap();
        self.settles(version).await
    }

    /// Begins a canary of (percent, seconds).
    pub(crate) async fn canary(&self, version: &str, rungs: &[(u16, u64)], gates: &[&str]) -> RevisionId {
        let request = request(version, self.status().generation, plan(rungs, gates));
        let id = request.revision.id();
        self.host.start(request).await.unwrap();
        id
    }
}

pub(crate) fn request(version: &str, expect_generation: u64, plan: Plan) -> StartRequest {
    let second = Span::from_secs(1);
    StartRequest {
        service: service(2),
        revision: Revision {
            version: version.to_owned(),
            command: vec!["program".to_owned()],
            env: BTreeMap::new(),
            readiness: Readiness { path: None, interval: second, timeout: second, failures: 3 },
            protocol: Protocol::Http1,
        },
        plan,
        expect_generation,
        retry_token: None,
        retry_blocked: false,
    }
}

pub(crate) fn service(replicas: u32) -> Service {
    Service {
        name: "api".to_owned(),
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 8_080,
        replicas,
        working_dir: "/".into(),
        drain: Span::from_secs(30),
        abort_drain: Span::from_secs(5),
        stop_timeout: Span::from_secs(10),
        trusted_proxies: Vec::new(),
        log_limit: 1 << 20,
        metrics_port: None,
        history_limit: 10,
        rollback_window: 0,
    }
}

pub(crate) fn plan(rungs: &[(u16, u64)], gates: &[&str]) -> Plan {
    let rung = |(percent, seconds): &(u16, u64)| Rung {
        weight: Weight::from_basis_points(percent * 100).unwrap(),
        pause: Some(Pause::Elapsed(Span::from_secs(*seconds))),
    };
    let steps = rungs.iter().map(rung).chain([Rung { weight: Weight::ALL, pause: None }]).collect();
    let gate = |name: &&str| Gate {
        name: (*name).to_owned(),
        metric: Metric::ErrorRate(ErrorLimits { max_ratio_to_baseline: Some(2.0), max: None, min_samples: 1 }),
        no_data: NoData::Pass,
        dry_run: false,
        interval: Span::from_secs(1),
        initial_delay: Span::ZERO,
    };
    let limits = Limits { retain: Span::ZERO, gates: gates.iter().map(gate).collect(), ..Limits::default() };
    compile(&CanaryOptions { steps }, limits).unwrap()
}
