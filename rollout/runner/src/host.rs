//! All services of one state directory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rollout::Millis;
use rollout::machine::{Action, Policy, State};
use rollout::wire::{Ended, Error, Recorded, Service, StartRequest, Status};
use tokio::sync::{Mutex as Turn, oneshot, watch};
use tokio::task::JoinSet;

use crate::service::{Ask, Clock, Handle, Identity, Message, Task};
use crate::store::{Record, Store};
use crate::target::{Target, Work};

/// Makes the targets of services.
pub trait Targets: Send + Sync + 'static {
    /// The target of a service that has none.
    fn create(&self, name: &str) -> Arc<dyn Target>;

    /// The target of a service that was recorded by a host before this one. It takes over what that one left.
    fn restore<'a>(&'a self, record: &'a Record) -> Work<'a, Arc<dyn Target>>;
}

/// Who hosts.
#[derive(Clone, Debug)]
pub struct Whoami {
    /// Identifies the state directory.
    pub agent_id: String,
    /// The name of the machine.
    pub host: String,
    /// Whether the machine was started again since the last host.
    pub rebooted: bool,
}

/// The services of one state directory.
pub struct Host {
    store: Store,
    targets: Arc<dyn Targets>,
    identity: Identity,
    clock: Clock,
    services: Mutex<BTreeMap<String, Handle>>,
    /// Held while a service comes into being, so that this happens to one at a time.
    turn: Turn<()>,
    closed: AtomicBool,
}

impl Host {
    /// Goes on with every service of the store. `clock` is the wall clock.
    pub async fn open(
        store: Store,
        targets: Arc<dyn Targets>,
        whoami: Whoami,
        clock: impl Fn() -> Millis + Send + Sync + 'static,
    ) -> Arc<Self> {
        let identity = Identity { agent_id: whoami.agent_id, host: whoami.host };
        let records = store.services();
        let host = Arc::new(Self {
            store,
            targets,
            identity,
            clock: Arc::new(clock),
            services: Mutex::default(),
            turn: Turn::new(()),
            closed: AtomicBool::new(false),
        });
        let mut restored = JoinSet::new();
        for (name, record) in records {
            let targets = Arc::clone(&host.targets);
            restored.spawn(async move {
                let target = targets.restore(&record).await;
                (name, record, target)
            });
        }
        for (name, record, target) in restored.join_all().await {
            let removing = record.removing;
            let handle = host.task(record, target, Some(whoami.rebooted));
            host.services().insert(name.clone(), handle);
            if removing {
                let host = Arc::clone(&host);
                tokio::spawn(async move { host.remove(&name).await });
            }
        }
        host
    }

    /// Brings a revision of a service to its users.
    pub async fn start(&self, request: StartRequest) -> Result<Status, Error> {
        let name = request.service.name.clone();
        match self.find(&name) {
            Ok(handle) => return begin(&handle, request).await,
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let _turn = self.turn.lock().await;
        match self.find(&name) {
            Ok(handle) => return begin(&handle, request).await,
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let target = self.targets.create(&name);
        let record = Record {
            service: request.service.clone(),
            revisions: BTreeMap::new(),
            state: State::new(request.service.replicas, request.service.history_limit, request.service.rollback_window),
            acknowledged: 0,
            removing: false,
        };
        let handle = self.task(record, Arc::clone(&target), None);
        match begin(&handle, request).await {
            Ok(status) => {
                self.services().insert(name, handle);
                Ok(status)
            }
            Err(error) => {
                target.remove().await;
                Err(error)
            }
        }
    }

    /// Changes what of a service applies in place.
    pub async fn configure(&self, service: Service, expect_generation: u64) -> Result<Status, Error> {
        let handle = self.find(&service.name)?;
        ask(&handle, Ask::Configure(Box::new(service), expect_generation)).await
    }

    /// Steers a rollout; only the one that is named, if one is.
    pub async fn steer(&self, service: &str, action: Action, rollout_id: Option<String>) -> Result<Status, Error> {
        ask(&self.find(service)?, Ask::Steer(action, rollout_id)).await
    }

    /// Applies what was agreed for a client that stops watching a rollout.
    pub async fn leave(&self, service: &str, rollout_id: String, policy: Policy) -> Result<Status, Error> {
        ask(&self.find(service)?, Ask::Leave(rollout_id, policy)).await
    }

    /// Notes that a client recorded the outcome of a generation.
    pub async fn acknowledge(&self, service: &str, generation: u64) -> Result<Status, Error> {
        ask(&self.find(service)?, Ask::Acknowledge(generation)).await
    }

    /// Ends a service. That goes on, also over a restart, when it was begun and this future is dropped.
    pub async fn remove(self: &Arc<Self>, service: &str) -> Result<(), Error> {
        let handle = self.find(service)?;
        let host = Arc::clone(self);
        let removal = tokio::spawn(async move {
            let answer = ask(&handle, Ask::Remove).await;
            let forget = async move {
                // The task ends when nothing is left of the service, or when the host is closed.
                handle.inbox.closed().await;
                host.services().retain(|_, known| !known.inbox.same_channel(&handle.inbox));
            };
            match answer {
                Ok(_) => forget.await,
                // It goes on by itself once it was begun.
                Err(_) => drop(tokio::spawn(forget)),
            }
            answer
        });
        removal.await.unwrap_or(Err(Error::Ending)).map(drop)
    }

    /// Ends the tasks of all services and closes the store, so that another host can go on with them. Targets are left as they are.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let _turn = self.turn.lock().await;
        let handles = std::mem::take(&mut *self.services());
        for handle in handles.into_values() {
            let _ = ask(&handle, Ask::Close).await;
        }
        self.store.close();
    }

    /// What a service is now.
    pub fn status(&self, service: &str) -> Result<Status, Error> {
        Ok(self.find(service)?.status.borrow().clone())
    }

    /// What a service is, now and as it changes.
    pub fn follow(&self, service: &str) -> Result<watch::Receiver<Status>, Error> {
        Ok(self.find(service)?.status)
    }

    /// What every service is now, by name.
    pub fn list(&self) -> Result<Vec<Status>, Error> {
        self.check_open()?;
        Ok(self.services().values().map(|handle| handle.status.borrow().clone()).collect())
    }

    /// The rollouts of a service that ended, newest first.
    pub fn history(&self, service: &str) -> Result<Vec<Ended>, Error> {
        self.find(service)?;
        let record = self.store.services().remove(service);
        Ok(record.map(|record| record.state.history().to_vec()).unwrap_or_default())
    }

    /// The durable events after the given one, in order.
    pub fn events(&self, service: Option<&str>, after: u64) -> Vec<Recorded> {
        self.store.events(service, after)
    }

    /// The number of the last durable event, and how to wait for the next.
    pub fn last_event(&self) -> watch::Receiver<u64> {
        self.store.last_event()
    }

    fn task(&self, record: Record, target: Arc<dyn Target>, restarted: Option<bool>) -> Handle {
        Task::start(record, self.store.clone(), target, self.identity.clone(), Arc::clone(&self.clock), restarted)
    }

    /// A host that is closed does not know any more what there is; nobody must take that for "nothing".
    fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) { Err(Error::Ending) } else { Ok(()) }
    }

    fn find(&self, name: &str) -> Result<Handle, Error> {
        self.check_open()?;
        self.services().get(name).cloned().ok_or_else(|| Error::NotFound(name.to_owned()))
    }

    fn services(&self) -> MutexGuard<'_, BTreeMap<String, Handle>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at what shall run before the service's task is bothered: that reads a whole executable.
async fn begin(handle: &Handle, request: StartRequest) -> Result<Status, Error> {
    let deployed = handle.target.prepare(&request.service, &request.revision).await?;
    ask(handle, Ask::Start(Box::new(request), Box::new(deployed))).await
}

async fn ask(handle: &Handle, ask: Ask) -> Result<Status, Error> {
    let (reply, answer) = oneshot::channel();
    let sent = handle.inbox.send(Message { ask, reply }).await;
    sent.map_err(|_| Error::Ending)?;
    answer.await.map_err(|_| Error::Ending)?
}
