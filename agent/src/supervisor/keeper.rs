//! Keeps a number of replicas running.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use disk::Digest;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::Supervisor;
use super::launch::{Launch, SpawnError};
use super::replica::{Exit, Replica, State};

/// The wait before the first restart.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait, and how long a replica must have run for the next wait to be the first again.
const LONGEST: Duration = Duration::from_mins(1);

/// How long to wait before a restart: 1 s, doubling to 60 s, and 1 s again after a run of 60 s.
///
/// `previous` is the wait before the start that just ended, `None` when there was none; `ran` how long it ran since.
pub fn backoff(previous: Option<Duration>, ran: Duration) -> Duration {
    match previous {
        Some(previous) if ran < LONGEST => (previous * 2).clamp(FIRST, LONGEST),
        _ => FIRST,
    }
}

/// What happens to a kept replica. Of one index, events come in the order in which they happened.
#[derive(Debug)]
pub enum Event {
    /// It runs: write its identity to the journal before it gets traffic. Also sent for each adopted one.
    Started {
        /// The replica.
        replica: Arc<Replica>,
    },
    /// It takes requests.
    Ready {
        /// Which one.
        index: u32,
    },
    /// It no longer takes requests; it runs still.
    NotReady {
        /// Which one.
        index: u32,
    },
    /// All of its processes are gone.
    Exited {
        /// Which one.
        index: u32,
        /// How.
        exit: Exit,
        /// Whether it was told to. If not, it is started again after [`backoff`].
        expected: bool,
    },
    /// It could not be started; tried again after [`backoff`].
    CannotStart {
        /// Which one.
        index: u32,
        /// Why.
        error: SpawnError,
    },
}

/// Keeps replicas `0..n` of one launch running.
///
/// Dropping it leaves them running, for a successor to adopt; nothing restarts them then.
#[derive(Debug)]
pub struct Keeper {
    slot: Slot,
    wanted: watch::Sender<Wanted>,
    slots: Mutex<BTreeMap<u32, JoinHandle<()>>>,
}

impl Keeper {
    /// Starts to keep `replicas` of `launch`, `adopted` among them, and returns where its events arrive.
    ///
    /// Nothing waits for the events to be taken; their rate is bounded by [`backoff`] and the probe's interval. The executable's
    /// digest is pinned at the first start if `launch` names none.
    pub fn start(
        supervisor: Supervisor,
        launch: Launch,
        replicas: u32,
        adopted: Vec<Replica>,
    ) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (keeper, events) = Self::new(supervisor, launch, replicas, adopted);
        keeper.fill(replicas);
        (keeper, events)
    }

    /// Goes on with what an earlier agent left. What is missing is not started before [`set_replicas`](Self::set_replicas) says
    /// how many there shall be.
    pub fn adopt(
        supervisor: Supervisor,
        launch: Launch,
        adopted: Vec<Replica>,
    ) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let replicas = adopted.iter().map(|replica| replica.identity().index + 1).max().unwrap_or(0);
        Self::new(supervisor, launch, replicas, adopted)
    }

    fn new(
        supervisor: Supervisor,
        launch: Launch,
        replicas: u32,
        adopted: Vec<Replica>,
    ) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (events, receiver) = mpsc::unbounded_channel();
        let stop_timeout = launch.stop_timeout;
        let pinned = Arc::new(OnceCell::new_with(launch.sha256));
        let slot = Slot { supervisor, launch, pinned, events };
        let keeper =
            Self { slot, wanted: watch::Sender::new(Wanted { replicas, stop_timeout }), slots: Mutex::default() };
        for replica in adopted {
            keeper.fill_slot(replica.identity().index, Some(replica));
        }
        (keeper, receiver)
    }

    /// Changes how many are kept. Those from `replicas` on are ended at once: drain them before.
    pub fn set_replicas(&self, replicas: u32) {
        self.fill(replicas);
        self.wanted.send_modify(|wanted| wanted.replicas = replicas);
    }

    /// Changes how long those that are ended from now on have from SIGTERM to SIGKILL.
    pub fn set_stop_timeout(&self, stop_timeout: Duration) {
        self.wanted.send_modify(|wanted| wanted.stop_timeout = stop_timeout);
    }

    /// Ends all and returns when none of their processes is left.
    pub async fn end(self) {
        let Self { slot, wanted, slots } = self;
        wanted.send_modify(|wanted| wanted.replicas = 0);
        // A slot that has nothing to end waits for a larger number, which cannot come once the sender is gone.
        let slots = slots.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop((slot, wanted));
        for slot in slots.into_values() {
            let _ = slot.await;
        }
    }

    /// Makes the slots below `count` that there are not.
    fn fill(&self, count: u32) {
        (0..count).for_each(|index| self.fill_slot(index, None));
    }

    fn fill_slot(&self, index: u32, adopted: Option<Replica>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .entry(index)
            .or_insert_with(|| tokio::spawn(self.slot.clone().run(index, self.wanted.subscribe(), adopted)));
    }
}

/// What may change while replicas run.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    replicas: u32,
    stop_timeout: Duration,
}

/// The place of one replica.
#[derive(Clone, Debug)]
struct Slot {
    supervisor: Supervisor,
    launch: Launch,
    pinned: Arc<OnceCell<Digest>>,
    events: mpsc::UnboundedSender<Event>,
}

/// Why a slot stopped waiting.
enum Woken {
    /// What it waited for has happened.
    Done,
    /// The replica is not wanted any more.
    Unwanted,
    /// Nobody keeps the replicas any more.
    Abandoned,
}

impl Slot {
    async fn run(self, index: u32, mut wanted: watch::Receiver<Wanted>, mut adopted: Option<Replica>) {
        let mut wait = None;
        loop {
            if adopted.is_none() && wanted.wait_for(|wanted| wanted.replicas > index).await.is_err() {
                return;
            }
            let started = Instant::now();
            let replica = match adopted.take() {
                Some(replica) => Ok(replica),
                None => self.start(index).await,
            };
            let woken = match replica {
                Ok(replica) => self.follow(Arc::new(replica), &mut wanted).await,
                Err(error) => {
                    self.send(Event::CannotStart { index, error });
                    Woken::Done
                }
            };
            match woken {
                Woken::Abandoned => return,
                Woken::Unwanted => {
                    wait = None;
                    continue;
                }
                Woken::Done => {}
            }
            let pause = backoff(wait, started.elapsed());
            wait = Some(pause);
            match until(index, &mut wanted, sleep(pause)).await {
                Woken::Abandoned => return,
                Woken::Unwanted => wait = None,
                Woken::Done => {}
            }
        }
    }

    async fn start(&self, index: u32) -> Result<Replica, SpawnError> {
        let digest = self.pinned.get_or_try_init(|| self.supervisor.digest(&self.launch)).await?;
        let launch = Launch { sha256: Some(*digest), ..self.launch.clone() };
        self.supervisor.spawn(&launch, index).await
    }

    /// Tells of a replica until it is gone.
    async fn follow(&self, replica: Arc<Replica>, wanted: &mut watch::Receiver<Wanted>) -> Woken {
        let index = replica.identity().index;
        self.send(Event::Started { replica: replica.clone() });
        let told = async {
            tokio::select! {
                exit = replica.exited() => exit,
                never = self.tell(index, replica.state()) => match never {},
            }
        };
        let mut exit = Exit::Unknown;
        let woken = until(index, wanted, async { exit = told.await }).await;
        match woken {
            Woken::Abandoned => return woken,
            Woken::Unwanted => {
                let stop_timeout = wanted.borrow().stop_timeout;
                exit = replica.stop(stop_timeout).await;
            }
            Woken::Done => {}
        }
        self.send(Event::Exited { index, exit, expected: matches!(woken, Woken::Unwanted) });
        woken
    }

    async fn tell(&self, index: u32, mut state: watch::Receiver<State>) -> std::convert::Infallible {
        let mut told = State::Starting;
        loop {
            let now = *state.borrow_and_update();
            if now != told {
                told = now;
                match now {
                    State::Ready => self.send(Event::Ready { index }),
                    State::NotReady => self.send(Event::NotReady { index }),
                    State::Starting => {}
                }
            }
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn send(&self, event: Event) {
        // Nobody listens any more: the replicas are kept all the same.
        let _ = self.events.send(event);
    }
}

/// Waits for `done`, or until replica `index` is not wanted.
async fn until(index: u32, wanted: &mut watch::Receiver<Wanted>, done: impl Future<Output = ()>) -> Woken {
    tokio::select! {
        biased;
        unwanted = wanted.wait_for(|wanted| wanted.replicas <= index) => match unwanted {
            Ok(_) => Woken::Unwanted,
            Err(_) => Woken::Abandoned,
        },
        () = done => Woken::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_a_minute_and_begins_again_after_one() {
        let mut wait = None;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let next = backoff(wait, Duration::from_secs(59));
            waits.push(next.as_secs());
            wait = Some(next);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff(wait, LONGEST), FIRST);
        assert_eq!(backoff(None, Duration::ZERO), FIRST);
    }
}
