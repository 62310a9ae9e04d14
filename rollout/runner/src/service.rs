//! One service: the task that owns the state of its machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rollout::machine::{self, Action, Command, Event, FailureKind, OpId, Policy, Start};
use rollout::wire::{self, Deployed, Error, StartRequest, Status};
use rollout::{Millis, RevisionId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::gauge::Gauge;
use crate::store::{Change, Happened, Record, SaveError, Store};
use crate::target::Target;

mod measure;
mod removal;
mod unrecorded;

use unrecorded::{Cause, may_go_unrecorded};

/// How often time is told to the machine while anything goes on.
const TICK: Duration = Duration::from_secs(1);
/// The same while nothing does.
const IDLE_TICK: Duration = Duration::from_secs(30);
/// How long after a restart replicas may take to be as ready as they were before anybody judges them.
const SETTLING: Duration = Duration::from_secs(10);
/// How many events wait for a disk that takes no more; beyond that the oldest are given up.
const UNRECORDED: usize = 1_000;

/// What a client asks of one service.
#[derive(Debug)]
pub(crate) enum Ask {
    Start(Box<StartRequest>, Box<Deployed>),
    Configure(Box<wire::Service>, u64),
    Steer(Action, Option<String>),
    Leave(String, Policy),
    Acknowledge(u64),
    Remove,
    /// Ends the task and leaves the service as it is.
    Close,
}

/// The way back to who asked.
pub(crate) type Reply = oneshot::Sender<Result<Status, Error>>;

/// A question with the way back.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) ask: Ask,
    pub(crate) reply: Reply,
}

/// What tells the time; wall clock.
pub(crate) type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Who answers.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) agent_id: String,
    pub(crate) host: String,
}

/// What the host holds of a service.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) inbox: mpsc::Sender<Message>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) target: Arc<dyn Target>,
}

/// What comes back from work that was begun.
enum Finished {
    Event(Box<Event>),
    Probed(String, rollout::gate::http::Round),
}

pub(crate) struct Task {
    record: Record,
    store: Store,
    target: Arc<dyn Target>,
    identity: Identity,
    clock: Clock,
    status: watch::Sender<Status>,
    gauges: BTreeMap<String, Gauge>,
    work: JoinSet<Finished>,
    /// Why the last save failed, while that is not mended.
    unsaved: Option<String>,
    /// What happened and is not saved yet.
    unrecorded: Vec<Happened>,
    /// After a restart: how many replicas were ready, and until when they are waited for.
    settling: Option<(BTreeMap<RevisionId, u32>, Instant)>,
    load: crate::load::Load,
}

impl Task {
    /// Starts the task of a service. `restarted` is absent when there is no record of it yet: it then lives on only if the first
    /// that is asked of it is done.
    pub(crate) fn start(
        record: Record,
        store: Store,
        target: Arc<dyn Target>,
        identity: Identity,
        clock: Clock,
        restarted: Option<bool>,
    ) -> Handle {
        let (inbox, messages) = mpsc::channel(64);
        let load = crate::load::Load::new(Instant::now());
        let (status, seen) = watch::channel(status(&record, &identity, &store, None, None));
        let task = Self {
            record,
            store,
            target: Arc::clone(&target),
            identity,
            clock,
            status,
            gauges: BTreeMap::new(),
            work: JoinSet::new(),
            unsaved: None,
            unrecorded: Vec::new(),
            settling: None,
            load,
        };
        tokio::spawn(task.run(messages, restarted));
        Handle { inbox, status: seen, target }
    }

    async fn run(mut self, mut messages: mpsc::Receiver<Message>, restarted: Option<bool>) {
        if let Some(rebooted) = restarted {
            let were_ready =
                self.record.state.view().fleet.into_iter().map(|(revision, fleet)| (revision, fleet.ready));
            self.settling = Some((were_ready.collect(), Instant::now() + SETTLING));
            self.happens(Event::Restarted { rebooted }).await;
        } else {
            let Some(Message { ask, reply }) = messages.recv().await else { return };
            let answer = self.answer(ask).await;
            let begun = answer.is_ok();
            let _ = reply.send(answer);
            if !begun {
                return;
            }
        }
        let target = Arc::clone(&self.target);
        let mut tick = Instant::now();
        loop {
            let next_measurement = self.next_measurement();
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Message { ask: Ask::Remove, reply }) => match self.mark_removing().await {
                        Ok(()) => return self.end(messages, reply).await,
                        Err(error) => drop(reply.send(Err(error))),
                    },
                    Some(Message { ask, reply }) => {
                        let last = matches!(ask, Ask::Close);
                        let answer = self.answer(ask).await;
                        if answer.is_err() {
                            self.publish();
                        }
                        // A client that is gone does not want the answer.
                        let _ = reply.send(answer);
                        if last {
                            return;
                        }
                    }
                    None => return,
                },
                Some(finished) = self.work.join_next() => match finished {
                    Ok(Finished::Event(event)) => self.happens(*event).await,
                    Ok(Finished::Probed(name, round)) => self.probed(&name, round).await,
                    Err(error) => {
                        tracing::error!(%error, "a command to the target panicked; it is repeated");
                        self.gauges.values_mut().for_each(|gauge| gauge.asking = false);
                    }
                },
                () = target.changed() => self.observe().await,
                () = tokio::time::sleep_until(tick) => {
                    self.observe().await;
                    self.happens(Event::Tick).await;
                    tick = Instant::now() + if self.is_idle() { IDLE_TICK } else { TICK };
                }
                () = tokio::time::sleep_until(next_measurement) => self.measure().await,
            }
            if !self.is_idle() {
                tick = tick.min(Instant::now() + TICK);
            }
        }
    }

    fn is_idle(&self) -> bool {
        !self.record.state.is_busy() && self.unsaved.is_none()
    }

    async fn answer(&mut self, ask: Ask) -> Result<Status, Error> {
        match ask {
            Ask::Start(request, deployed) => self.begin(*request, *deployed).await?,
            Ask::Configure(service, expected) => self.configure(*service, expected).await?,
            Ask::Steer(action, rollout_id) => {
                self.belongs(rollout_id.as_deref(), "steer it")?;
                self.apply(Event::Operator(action), Cause::Asked).await?;
            }
            Ask::Leave(rollout_id, policy) => {
                // The rollout that was watched may be over, and another one is not the client's to stop.
                if self.record.state.view().rollout_id.as_deref() == Some(rollout_id.as_str()) {
                    self.apply(Event::ClientGone(policy), Cause::Asked).await?;
                }
            }
            Ask::Acknowledge(generation) => {
                // Nobody can have recorded what has not been yet.
                let known = generation.min(self.record.state.view().generation);
                let record = Record { acknowledged: known.max(self.record.acknowledged), ..self.record.clone() };
                self.save(record).await?;
            }
            // A service that is not recorded yet needs no ending.
            Ask::Remove => {}
            Ask::Close => self.work.shutdown().await,
        }
        Ok(self.publish())
    }

    fn belongs(&self, rollout_id: Option<&str>, what: &str) -> Result<(), Error> {
        let current = self.record.state.view().rollout_id;
        match rollout_id {
            Some(expected) if current.as_deref() != Some(expected) => Err(Error::Invalid {
                what: "rollout".to_owned(),
                why: format!(
                    "{expected} is not the rollout that runs ({}), so nobody can {what}",
                    current.as_deref().unwrap_or("none")
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Begins a rollout with the settings that come with it.
    async fn begin(&mut self, request: StartRequest, deployed: Deployed) -> Result<(), Error> {
        let StartRequest { service, plan, expect_generation, retry_token, retry_blocked, .. } = request;
        let now = (self.clock)();
        let version = deployed.revision.version.clone();
        let start =
            Start { revision: deployed.id.clone(), version, plan, expect_generation, retry_token, retry_blocked };
        let (state, mut commands) = machine::step(&self.record.state, Event::Start(start), now)?;
        let (state, more) = self.adapted(state, &service, now)?;
        commands.extend(more);
        let mut revisions = self.record.revisions.clone();
        // What was recorded when it was first deployed stays, so that a changed file is noticed.
        revisions.entry(deployed.id.clone()).or_insert(deployed);
        self.take_effect(Record { service, revisions, state, ..self.record.clone() }, commands).await
    }

    async fn configure(&mut self, service: wire::Service, expected: u64) -> Result<(), Error> {
        let found = self.record.state.view().generation;
        if expected != found {
            return Err(machine::Refused::Changed { expected, found }.into());
        }
        let now = (self.clock)();
        let (state, _) = machine::step(&self.record.state, Event::Configured, now)?;
        let (state, commands) = self.adapted(state, &service, now)?;
        self.take_effect(Record { service, state, ..self.record.clone() }, commands).await
    }

    /// The state with what the machine knows of the settings.
    fn adapted(
        &self,
        state: machine::State,
        service: &wire::Service,
        now: Millis,
    ) -> Result<(machine::State, Vec<Command>), Error> {
        let (mut state, commands) = if service.replicas == self.record.service.replicas {
            (state, Vec::new())
        } else {
            machine::step(&state, Event::Resize(service.replicas), now)?
        };
        state.set_limits(service.history_limit, service.rollback_window);
        Ok((state, commands))
    }

    /// Brings the settings of a record into effect and makes it durable; when that fails, the settings before are in effect again.
    async fn take_effect(&mut self, record: Record, commands: Vec<Command>) -> Result<(), Error> {
        let before = self.record.service.clone();
        self.target.configure(&record.service).await?;
        let committed = self.commit(record, commands, Cause::Asked).await;
        if committed.is_err()
            && let Err(error) = self.target.configure(&before).await
        {
            tracing::error!(%error, "the settings before could not be restored");
        }
        committed
    }

    async fn observe(&mut self) {
        let observation = self.target.observe();
        if let Some((were_ready, until)) = &self.settling {
            let ready = |revision| observation.fleet.get(revision).map_or(0, |fleet| fleet.ready);
            // Nobody is taken back because the host was started again.
            if Instant::now() < *until && were_ready.iter().any(|(revision, were)| ready(revision) < *were) {
                return;
            }
            self.settling = None;
        }
        self.happens(Event::Observed(observation)).await;
    }

    /// Something happened by itself: nobody waits for an answer.
    async fn happens(&mut self, event: Event) {
        let restarted = matches!(event, Event::Restarted { .. });
        let cause = if restarted { Cause::Restarted } else { Cause::Happened };
        match self.apply(event, cause).await {
            // What was not saved is still there to be seen with the next tick.
            Ok(()) | Err(Error::DiskFull(_) | Error::Internal(_)) => {}
            Err(error) => tracing::debug!(%error, "an event was not accepted"),
        }
        self.publish();
    }

    async fn apply(&mut self, event: Event, cause: Cause) -> Result<(), Error> {
        let (state, commands) = machine::step(&self.record.state, event, (self.clock)())?;
        if state == self.record.state && commands.is_empty() && self.unsaved.is_none() {
            return Ok(());
        }
        let record = Record { state, ..self.record.clone() };
        self.commit(record, commands, cause).await
    }

    /// Makes a record durable, then carries out what belongs to it.
    async fn commit(&mut self, mut record: Record, commands: Vec<Command>, cause: Cause) -> Result<(), Error> {
        let kept = record.state.revisions();
        record.revisions.retain(|revision, _| kept.contains(revision));
        let rollout_id = record.state.view().rollout_id;
        let (at, name) = ((self.clock)(), record.service.name.clone());
        let before = self.unrecorded.len();
        let mut rest = Vec::new();
        for command in commands {
            match command {
                Command::Emit(happening) => {
                    let (service, rollout_id) = (name.clone(), rollout_id.clone());
                    self.unrecorded.push(Happened { at, service, rollout_id, happening });
                }
                command => rest.push(command),
            }
        }
        if let Err(error) = self.save(record.clone()).await {
            if !may_go_unrecorded(&self.record, &record, &rest, cause) {
                self.unrecorded.truncate(before);
                return Err(error);
            }
            let surplus = self.unrecorded.len().saturating_sub(UNRECORDED);
            self.unrecorded.drain(..surplus);
            self.record = record;
        }
        for command in rest {
            self.carry_out(command);
        }
        Ok(())
    }

    async fn save(&mut self, record: Record) -> Result<(), Error> {
        let change = Change {
            service: Some((record.service.name.clone(), Some(record.clone()))),
            happenings: self.unrecorded.clone(),
            target: Vec::new(),
        };
        match self.store.save(change).await {
            Ok(()) => {
                self.record = record;
                self.unrecorded.clear();
                self.unsaved = None;
                Ok(())
            }
            Err(error) => {
                if self.unsaved.is_none() {
                    tracing::error!(%error, "the journal takes no more; what runs is served on");
                }
                self.unsaved = Some(error.to_string());
                Err(unsaved(error))
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        let target = Arc::clone(&self.target);
        match command {
            Command::Ensure { id, revision, replicas, abort } => {
                let Some(deployed) = self.record.revisions.get(&revision).cloned() else {
                    tracing::error!(%revision, "a revision without a record");
                    let message = format!("there is no record of revision {revision}");
                    self.work.spawn(async move { failed(id, FailureKind::Permanent, message) });
                    return;
                };
                self.work.spawn(async move {
                    match target.ensure(&deployed, replicas, abort).await {
                        Ok(()) => Finished::Event(Box::new(Event::OpDone(id))),
                        Err(error) => failed(id, error.kind, error.message),
                    }
                });
            }
            Command::Shift { id, weights } => {
                self.work.spawn(async move {
                    match target.shift(&weights).await {
                        Ok(()) => Finished::Event(Box::new(Event::OpDone(id))),
                        Err(error) => failed(id, error.kind, error.message),
                    }
                });
            }
            Command::StartGate { name } => {
                let gate = self.record.state.gates().iter().find(|gate| gate.name == name).cloned();
                let kept = self.record.state.evidence(&name).cloned();
                if let Some(gate) = gate {
                    match self.gauges.get_mut(&name) {
                        Some(gauge) => gauge.go_on(kept),
                        None => drop(self.gauges.insert(name, Gauge::start(gate, kept, Instant::now()))),
                    }
                }
            }
            Command::StopGate { name } => drop(self.gauges.remove(&name)),
            Command::Emit(_) => {}
        }
    }

    /// Tells everybody what the service is now.
    fn publish(&mut self) -> Status {
        let stable = self.record.state.view().stable;
        let rate = self.load.note(Instant::now(), &self.target.traffic(), stable.as_ref());
        let status = status(&self.record, &self.identity, &self.store, self.unsaved.as_deref(), rate);
        self.status.send_if_modified(|seen| {
            let news = *seen != status;
            seen.clone_from(&status);
            news
        });
        status
    }
}

fn failed(id: OpId, kind: FailureKind, message: String) -> Finished {
    Finished::Event(Box::new(Event::OpFailed { id, kind, message }))
}

fn unsaved(error: SaveError) -> Error {
    match error {
        SaveError::Full(message) => Error::DiskFull(message),
        SaveError::Failed(message) => Error::Internal(message),
    }
}

fn status(record: &Record, identity: &Identity, store: &Store, unsaved: Option<&str>, rate: Option<f64>) -> Status {
    let view = record.state.view();
    let deployed = |revision: Option<&RevisionId>| revision.and_then(|id| record.revisions.get(id)).cloned();
    Status {
        service: record.service.clone(),
        agent_id: identity.agent_id.clone(),
        host: identity.host.clone(),
        generation: view.generation,
        acknowledged: record.acknowledged,
        phase: view.phase,
        status: view.status,
        paused: view.paused,
        degraded: unsaved.map(str::to_owned).or(view.degraded),
        stable: deployed(view.stable.as_ref()),
        candidate: deployed(view.candidate.as_ref()),
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
        request_rate: rate,
        last_event: *store.last_event().borrow(),
    }
}
