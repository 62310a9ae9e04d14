//! Load on a service: requests at a constant rate, whatever becomes of those before.
//!
//! A [`Load`] is *open*: request `n` is due `n / rate` seconds after the start, and its latency counts from then. A service
//! that stands still for a second is so seen by all requests of that second, and not by one per connection (coordinated
//! omission). It runs on threads of its own, so it is not disturbed by what the test does, and ends with its [`Running`].
//!
//! The service says which version answered in the header `x-version`.
//!
//! # What counts as a failure
//! Everything but a complete answer with a status of 2xx and, for [`Call::echo`], the body that was sent. A server may close a
//! connection that is kept alive at any time, also while the next request is on its way. As a browser does, a GET is then sent
//! once more, on a new connection, if not a byte of an answer came; [`Summary::resent`] counts that. A POST may have been
//! carried out and is never sent again: it is a [`Failed::Stale`]. So that this does not happen to an honest server, a
//! connection is used again only for [`Load::keep_alive`] after its last answer.

mod client;
mod summary;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use summary::Tally;
pub use summary::{ByVersion, Failed, Summary};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// The highest rate, in requests a second.
const FASTEST: f64 = 20_000.0;

/// The largest body of [`Call::echo`], in bytes.
const LARGEST: usize = 1 << 20;

/// The most requests in a round of a mix.
const LONGEST_ROUND: u64 = 1_000;

/// How long the pacer sleeps before it looks whether it shall stop.
const NAP: Duration = Duration::from_millis(20);

/// A kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    path: String,
    /// The size of the body of a POST; a GET has none.
    body: Option<usize>,
}

impl Call {
    /// A GET. Whether it is slow or streamed is up to the service; an answer that ends early is a failure.
    pub fn get(path: &str) -> Self {
        Self { path: path.to_owned(), body: None }
    }

    /// A POST with a body of so many bytes, unlike that of any other request, that must come back.
    pub fn echo(path: &str, bytes: usize) -> Self {
        Self { path: path.to_owned(), body: Some(bytes) }
    }
}

/// Kinds of requests and how many of each there are in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix(Vec<(u32, Call)>);

impl Mix {
    /// So many of each.
    pub fn of(calls: impl IntoIterator<Item = (u32, Call)>) -> Self {
        Self(calls.into_iter().collect())
    }

    /// How many requests there are in a round.
    fn round(&self) -> u64 {
        self.0.iter().map(|(count, _)| u64::from(*count)).sum()
    }

    /// The kinds of a round in order, each spread evenly over it: next is always the one that is furthest behind its share.
    fn order(&self) -> Vec<&Call> {
        let round = i128::from(self.round());
        let mut behind = vec![0_i128; self.0.len()];
        let mut next = || {
            for (debt, (count, _)) in behind.iter_mut().zip(&self.0) {
                *debt += i128::from(*count);
            }
            let chosen = (0..behind.len()).max_by_key(|index| behind[*index]).unwrap_or(0);
            behind[chosen] -= round;
            &self.0[chosen].1
        };
        (0..round).map(|_| next()).collect()
    }
}

/// A load that cannot be made.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The address is not of this machine.
    #[error("load is put on this machine only, as 127.0.0.1, not on {0}")]
    NotLoopback(SocketAddr),
    /// The rate is none.
    #[error("a rate above 0 and up to {FASTEST} requests a second expected, not {0}")]
    Rate(f64),
    /// The mix is empty or too large, or has a path or a body that cannot be sent.
    #[error("the mix cannot be sent: {0}")]
    Mix(String),
}

/// What load to put on a service.
#[derive(Clone, Debug)]
pub struct Load {
    address: SocketAddr,
    mix: Mix,
    rate: f64,
    duration: Option<Duration>,
    timeout: Duration,
    keep_alive: Duration,
    in_flight: usize,
    total: u64,
}

impl Load {
    /// Requests of this mix, so many a second, until it is stopped.
    pub fn new(address: SocketAddr, mix: Mix, rate: f64) -> Self {
        Self {
            address,
            mix,
            rate,
            duration: None,
            timeout: Duration::from_secs(10),
            keep_alive: Duration::from_millis(500),
            in_flight: 1_000,
            total: 1_000_000,
        }
    }

    /// Ends by itself after this time.
    #[must_use]
    pub fn duration(self, duration: Duration) -> Self {
        Self { duration: Some(duration), ..self }
    }

    /// How long a request may take from when it is sent; 10 s if not given.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long after its last answer a connection is used again; 500 ms if not given, zero for never.
    #[must_use]
    pub fn keep_alive(self, keep_alive: Duration) -> Self {
        Self { keep_alive, ..self }
    }

    /// How many requests may be under way; 1,000 if not given. One that is due beyond that is not sent and counts as
    /// [`Failed::NotSent`].
    #[must_use]
    pub fn in_flight(self, in_flight: usize) -> Self {
        Self { in_flight, ..self }
    }

    /// Ends by itself after so many requests; a million if not given.
    #[must_use]
    pub fn total(self, total: u64) -> Self {
        Self { total, ..self }
    }

    /// Begins.
    pub fn start(self) -> Result<Running, Refused> {
        self.check()?;
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), tally: Mutex::default() });
        let (done, ended) = oneshot::channel();
        let (due, dues) = mpsc::unbounded_channel();
        let (pacer, sender) = (self.clone(), Arc::clone(&shared));
        thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || {
                self.send(dues, &sender);
                // Nobody waits any more when the load was dropped.
                let _ = done.send(());
            })
            .expect("a thread can be started");
        let clock = Arc::clone(&shared);
        thread::Builder::new()
            .name("load-pacer".to_owned())
            .spawn(move || pacer.pace(&due, &clock.stop))
            .expect("a thread can be started");
        Ok(Running { shared, ended: Some(ended) })
    }

    fn check(&self) -> Result<(), Refused> {
        if !self.address.ip().is_loopback() {
            return Err(Refused::NotLoopback(self.address));
        }
        if !(self.rate > 0.0 && self.rate <= FASTEST) {
            return Err(Refused::Rate(self.rate));
        }
        let round = self.mix.round();
        if round == 0 || round > LONGEST_ROUND {
            return Err(Refused::Mix(format!("{round} requests a round, 1 to {LONGEST_ROUND} expected")));
        }
        for (_, call) in &self.mix.0 {
            if !call.path.starts_with('/') || call.path.parse::<hyper::Uri>().is_err() {
                return Err(Refused::Mix(format!("{:?} is not the path of a request", call.path)));
            }
            if call.body.is_some_and(|bytes| bytes > LARGEST) {
                return Err(Refused::Mix(format!("a body has at most {LARGEST} bytes")));
            }
        }
        Ok(())
    }

    /// Says when a request is due. A thread of its own, for the timer of the runtime is a millisecond late.
    #[expect(clippy::cast_precision_loss, reason = "a million requests are counted exactly")]
    fn pace(&self, due: &mpsc::UnboundedSender<Due>, stop: &AtomicBool) {
        let start = Instant::now();
        for n in 0..self.total {
            let offset = Duration::from_secs_f64(n as f64 / self.rate);
            if self.duration.is_some_and(|duration| offset >= duration) {
                return;
            }
            let at = start + offset;
            loop {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                match at.checked_duration_since(Instant::now()) {
                    None | Some(Duration::ZERO) => break,
                    Some(left) => thread::sleep(left.min(NAP)),
                }
            }
            if due.send(Due { n, at, offset }).is_err() {
                return;
            }
        }
    }

    /// Sends what is due until there is no more, and waits for all answers.
    fn send(&self, mut dues: mpsc::UnboundedReceiver<Due>, shared: &Arc<Shared>) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(async {
            let client = Arc::new(Client::new(self.address, self.timeout, self.keep_alive));
            let mut tasks = JoinSet::new();
            let mut calls = self.mix.order().into_iter().cycle();
            while let Some(due) = dues.recv().await {
                let call = calls.next().expect("a round has a request").clone();
                while tasks.try_join_next().is_some() {}
                if tasks.len() >= self.in_flight {
                    shared.tally().not_sent(due.offset);
                    continue;
                }
                shared.tally().sent();
                let (client, shared) = (Arc::clone(&client), Arc::clone(shared));
                tasks.spawn(async move {
                    let answer = client.ask(&call, due.n).await;
                    shared.tally().answered(due.offset, due.at.elapsed(), answer);
                });
            }
            while tasks.join_next().await.is_some() {}
        });
    }
}

/// A request that is due.
struct Due {
    n: u64,
    at: Instant,
    /// Since the start.
    offset: Duration,
}

struct Shared {
    stop: AtomicBool,
    tally: Mutex<Tally>,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load that is being put on a service. Dropped, it sends nothing more, and what is under way ends
/// unseen, at the latest when its time is up.
pub struct Running {
    shared: Arc<Shared>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Running {
    /// What was answered so far.
    pub fn so_far(&self) -> Summary {
        self.shared.tally().summary()
    }

    /// Sends nothing more, waits for the answers that are due, and says how it went.
    pub async fn stop(self) -> Summary {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.wait().await
    }

    /// Waits until all requests of the given duration or total are sent and answered, and says how it went.
    pub async fn wait(mut self) -> Summary {
        let ended = self.ended.take().expect("it is taken only where the load is consumed");
        ended.await.expect("the load does not panic");
        self.so_far()
    }

    /// As [`Running::stop`], for who has no runtime.
    pub fn stop_blocking(mut self) -> Summary {
        self.shared.stop.store(true, Ordering::Relaxed);
        let ended = self.ended.take().expect("it is taken only where the load is consumed");
        ended.blocking_recv().expect("the load does not panic");
        self.so_far()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}
