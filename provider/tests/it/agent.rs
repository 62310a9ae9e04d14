//! An agent without processes: it speaks the agent's interface on a socket and hosts the real machine, whose replicas are
//! ready at once and whose seconds are milliseconds. Tests say which versions are bad, where time stands still, and what
//! goes wrong on the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rollout::gate;
use rollout::machine::{Command, Event, FailureKind, Fleet, Observation, Refused, Start, State, step};
use rollout::revision::Revision;
use rollout::wire::{
    self, Answer, Deployed, Envelope, Happening, Phase, Recorded, Request, Service, StartRequest, Status, VERSION,
};
use rollout::{Millis, RevisionId, Span, Weight, Weights};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

/// What tests steer.
pub(crate) struct Inner {
    pub(crate) agent: wire::Agent,
    pub(crate) services: BTreeMap<String, Served>,
    /// Versions that a gate fails at their first traffic.
    pub(crate) bad: BTreeSet<String>,
    /// Versions that never get ready.
    pub(crate) never_ready: BTreeSet<String>,
    /// Time stands still once a candidate has this much, until it is taken back.
    pub(crate) still_at: Option<Weight>,
    /// A port that somebody else has.
    pub(crate) taken_port: Option<u16>,
    /// Whether traffic cannot be moved.
    pub(crate) wedged: bool,
    /// Whether services cannot be removed.
    pub(crate) stuck: bool,
    /// How many of the next answers to `Start` are lost.
    pub(crate) lose_starts: u32,
    /// How often the connection breaks after an event.
    pub(crate) break_watches: u32,
    pub(crate) request_rate: Option<f64>,
    /// The names of all requests that change something.
    pub(crate) asked: Vec<&'static str>,
    now: Millis,
    events: Vec<Recorded>,
}

/// A service.
pub(crate) struct Served {
    pub(crate) service: Service,
    machine: State,
    revisions: BTreeMap<RevisionId, Revision>,
    fleet: BTreeMap<RevisionId, Fleet>,
    weights: Weights,
    acknowledged: u64,
}

/// The agent. It ends with the test.
pub(crate) struct Agent {
    state_dir: TempDir,
    shared: Arc<Shared>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

struct Shared {
    inner: Mutex<Inner>,
    changed: Notify,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Agent {
    pub(crate) fn start() -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(state_dir.path().join(agent_client::SOCKET)).unwrap();
        let agent = wire::Agent {
            interface: VERSION,
            release: "0.1.0".to_owned(),
            agent_id: "agent-1".to_owned(),
            host: "here".to_owned(),
            pid: 1,
            started: Millis(0),
            build_server: None,
        };
        let inner = Inner {
            agent,
            services: BTreeMap::new(),
            bad: BTreeSet::new(),
            never_ready: BTreeSet::new(),
            still_at: None,
            taken_port: None,
            wedged: false,
            stuck: false,
            lose_starts: 0,
            break_watches: 0,
            request_rate: None,
            asked: Vec::new(),
            now: Millis(1_700_000_000_000),
            events: Vec::new(),
        };
        let shared = Arc::new(Shared { inner: Mutex::new(inner), changed: Notify::new() });
        let accept = tokio::spawn(accept(listener, Arc::clone(&shared)));
        let clock = tokio::spawn(clock(Arc::clone(&shared)));
        Self { state_dir, shared, tasks: vec![accept, clock] }
    }

    pub(crate) fn state_dir(&self) -> &Path {
        self.state_dir.path()
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap()
    }

    pub(crate) fn status(&self, name: &str) -> Status {
        self.inner().status(name).unwrap()
    }

    /// Waits until the status of the service is as `holds` says.
    pub(crate) async fn until(&self, name: &str, holds: impl Fn(&Status) -> bool) -> Status {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let status = self.inner().status(name);
            match status {
                Some(status) if holds(&status) => return status,
                _ if tokio::time::Instant::now() > deadline => panic!("it never came to that: {status:?}"),
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    /// What somebody else asks of a service.
    pub(crate) fn steer(&self, name: &str, action: rollout::machine::Action) {
        self.inner().feed(name, Event::Operator(action)).unwrap();
    }
}

async fn clock(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(Duration::from_millis(2)).await;
        shared.inner.lock().unwrap().second();
        shared.changed.notify_waiters();
    }
}

async fn accept(listener: UnixListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(stream: UnixStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
        return;
    }
    let Envelope { request, .. } = serde_json::from_str(&line).unwrap();
    if let Request::Watch { service, after } = request {
        return watch(stream, &shared, service, after).await;
    }
    let answer = shared.inner.lock().unwrap().answer(request);
    if let Some(answer) = answer {
        let _ = send(&mut stream, &answer).await;
    }
}

async fn send(stream: &mut BufReader<UnixStream>, answer: &Answer) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(answer).unwrap();
    line.push(b'\n');
    stream.write_all(&line).await
}

async fn watch(mut stream: BufReader<UnixStream>, shared: &Shared, service: Option<String>, mut after: u64) {
    loop {
        let changed = shared.changed.notified();
        let (events, breaks) = {
            let mut inner = shared.inner.lock().unwrap();
            let ours =
                |event: &&Recorded| event.seq > after && service.as_ref().is_none_or(|name| *name == event.service);
            let mut events: Vec<_> = inner.events.iter().filter(ours).cloned().collect();
            let breaks = !events.is_empty() && inner.break_watches > 0;
            if breaks {
                inner.break_watches -= 1;
                events.truncate(1);
            }
            (events, breaks)
        };
        for event in events {
            after = event.seq;
            if send(&mut stream, &Answer::Event(Box::new(event))).await.is_err() {
                return;
            }
        }
        if breaks {
            return;
        }
        changed.await;
    }
}

impl Inner {
    fn status(&self, name: &str) -> Option<Status> {
        let served = self.services.get(name)?;
        let view = served.machine.view();
        let deployed = |id: RevisionId| {
            let revision = served.revisions[&id].clone();
            Deployed { id, revision, executable: None }
        };
        Some(Status {
            service: served.service.clone(),
            agent_id: self.agent.agent_id.clone(),
            host: self.agent.host.clone(),
            generation: view.generation,
            acknowledged: served.acknowledged,
            phase: view.phase,
            status: view.status,
            paused: view.paused,
            degraded: view.degraded,
            stable: view.stable.map(deployed),
            candidate: view.candidate.map(deployed),
            weights: view.weights,
            weight: view.weight,
            step_index: view.step_index,
            step_count: view.step_count,
            rollout_id: view.rollout_id,
            started: view.started,
            last_failure: view.last_failure,
            blocked: view.blocked,
            fleet: view.fleet,
            gates: view.gates,
            request_rate: self.request_rate,
            last_event: self.events.last().map_or(0, |event| event.seq),
        })
    }

    /// The answer; none when it is lost.
    fn answer(&mut self, request: Request) -> Option<Answer> {
        let answered = match request {
            Request::Hello => Ok(Answer::Hello(self.agent.clone())),
            Request::Start(request) => {
                self.asked.push("start");
                let started = self.start(*request);
                if self.lose_starts > 0 {
                    self.lose_starts -= 1;
                    return None;
                }
                started
            }
            Request::Configure { service, expect_generation } => {
                self.asked.push("configure");
                self.configure(*service, expect_generation)
            }
            Request::Status { service } => self.answer_status(&service),
            Request::History { service } => {
                let served = self.services.get(&service).ok_or(wire::Error::NotFound(service));
                served.map(|served| Answer::History(served.machine.history().to_vec()))
            }
            Request::Steer { service, action, .. } => {
                self.asked.push("steer");
                self.feed(&service, Event::Operator(action)).and_then(|()| self.answer_status(&service))
            }
            Request::Leave { service, policy, .. } => {
                self.asked.push("leave");
                self.feed(&service, Event::ClientGone(policy)).and_then(|()| self.answer_status(&service))
            }
            Request::Acknowledge { service, generation } => {
                if let Some(served) = self.services.get_mut(&service) {
                    served.acknowledged = generation;
                }
                self.answer_status(&service)
            }
            Request::Remove { service: _ } if self.stuck => {
                Err(wire::Error::Internal("a process does not end".to_owned()))
            }
            Request::Remove { service } => {
                self.asked.push("remove");
                self.services.remove(&service).map(|_| Answer::Done).ok_or(wire::Error::NotFound(service))
            }
            other => panic!("no test asks this: {other:?}"),
        };
        Some(answered.unwrap_or_else(Answer::Error))
    }

    fn answer_status(&self, name: &str) -> Result<Answer, wire::Error> {
        let status = self.status(name).ok_or_else(|| wire::Error::NotFound(name.to_owned()))?;
        Ok(Answer::Status(Box::new(status)))
    }

    pub(crate) fn start(&mut self, request: StartRequest) -> Result<Answer, wire::Error> {
        let StartRequest { service, revision, plan, expect_generation, retry_token, retry_blocked } = request;
        if self.taken_port == Some(service.port) {
            let (what, why) = ("target.local.port".to_owned(), format!("port {} is taken", service.port));
            return Err(wire::Error::Invalid { what, why });
        }
        let name = service.name.clone();
        let new = !self.services.contains_key(&name);
        let served = self.services.entry(name.clone()).or_insert_with(|| Served {
            service: service.clone(),
            machine: State::new(service.replicas, service.history_limit, service.rollback_window),
            revisions: BTreeMap::new(),
            fleet: BTreeMap::new(),
            weights: Weights::new(),
            acknowledged: 0,
        });
        let (id, version) = (revision.id(), revision.version.clone());
        served.revisions.insert(id.clone(), revision);
        let start = Start { revision: id, version, plan, expect_generation, retry_token, retry_blocked };
        if let Err(error) = self.feed(&name, Event::Start(start)) {
            if new {
                self.services.remove(&name);
            }
            return Err(error);
        }
        let replicas = service.replicas;
        self.services.get_mut(&name).unwrap().service = service;
        self.feed(&name, Event::Resize(replicas))?;
        self.answer_status(&name)
    }

    fn configure(&mut self, service: Service, expected: u64) -> Result<Answer, wire::Error> {
        let name = service.name.clone();
        let found = self.status(&name).ok_or_else(|| wire::Error::NotFound(name.clone()))?.generation;
        if found != expected {
            return Err(Refused::Changed { expected, found }.into());
        }
        let replicas = service.replicas;
        self.services.get_mut(&name).unwrap().service = service;
        self.feed(&name, Event::Resize(replicas))?;
        self.answer_status(&name)
    }

    /// A second passes for everybody.
    fn second(&mut self) {
        let names: Vec<_> = self.services.keys().cloned().collect();
        let mut passed = false;
        for name in names {
            let Some(status) = self.status(&name) else { continue };
            let back = matches!(status.phase, Phase::TakingBack | Phase::RestoringStable);
            if !back && self.still_at.is_some_and(|at| status.weight >= at) {
                continue;
            }
            if !passed {
                self.now = self.now.after(Span::from_secs(1));
                passed = true;
            }
            let candidate = status.candidate.map(|candidate| candidate.revision.version).unwrap_or_default();
            let bad = self.bad.contains(&candidate);
            let served = self.services.get_mut(&name).unwrap();
            for (revision, fleet) in &mut served.fleet {
                let ready = !self.never_ready.contains(&served.revisions[revision].version);
                fleet.ready = if ready { fleet.desired } else { 0 };
            }
            let gates = served.machine.gates().to_vec();
            for gate in gates {
                let (outcome, measured) = if bad {
                    (gate::Outcome::Fail, "9 of 10 requests failed")
                } else {
                    (gate::Outcome::Pass, "0 failed")
                };
                let verdict = gate::Verdict {
                    outcome,
                    measured: measured.to_owned(),
                    threshold: "at most 2 times stable".to_owned(),
                };
                let (evidence, name_of_gate) = (gate.no_evidence(), gate.name.clone());
                let _ = self.feed(&name, Event::Gate { name: name_of_gate, verdict, evidence });
            }
            let _ = self.feed(&name, Event::Tick);
        }
    }

    /// Hands the machine an event and does what it asks, until it asks no more.
    fn feed(&mut self, name: &str, event: Event) -> Result<(), wire::Error> {
        let mut queue = VecDeque::from([event]);
        let mut first = true;
        while let Some(event) = queue.pop_front() {
            let served = self.services.get_mut(name).ok_or_else(|| wire::Error::NotFound(name.to_owned()))?;
            let (machine, commands) = match step(&served.machine, event, self.now) {
                Ok(done) => done,
                Err(refused) if first => return Err(refused.into()),
                Err(refused) => panic!("{refused}"),
            };
            first = false;
            served.machine = machine;
            let before = (served.fleet.clone(), served.weights.clone());
            for command in commands {
                match command {
                    Command::Ensure { id, revision, replicas, .. } => {
                        let version = &served.revisions[&revision].version;
                        let ready = if self.never_ready.contains(version) { 0 } else { replicas };
                        served
                            .fleet
                            .insert(revision.clone(), Fleet { desired: replicas, running: replicas, ready, exits: 0 });
                        if replicas == 0 {
                            served.fleet.remove(&revision);
                        }
                        queue.push_back(Event::OpDone(id));
                    }
                    Command::Shift { id, .. } if self.wedged => {
                        let (kind, message) = (FailureKind::Permanent, "the proxy does not answer".to_owned());
                        queue.push_back(Event::OpFailed { id, kind, message });
                    }
                    Command::Shift { id, weights } => {
                        served.weights = weights;
                        queue.push_back(Event::OpDone(id));
                    }
                    Command::Emit(happening) => {
                        let rollout_id = match &happening {
                            Happening::Ended(ended) => Some(ended.rollout_id.clone()),
                            _ => served.machine.view().rollout_id,
                        };
                        let (seq, at) = (self.events.len() as u64 + 1, self.now);
                        self.events.push(Recorded { seq, at, service: name.to_owned(), rollout_id, happening });
                    }
                    Command::StartGate { .. } | Command::StopGate { .. } => {}
                }
            }
            if queue.is_empty()
                && (before != (served.fleet.clone(), served.weights.clone()) || served.machine.is_busy())
            {
                let observed = Observation { fleet: served.fleet.clone(), weights: served.weights.clone() };
                let next = step(&served.machine, Event::Observed(observed.clone()), self.now).unwrap();
                if next.0 != served.machine || !next.1.is_empty() {
                    queue.push_back(Event::Observed(observed));
                }
            }
        }
        Ok(())
    }
}
