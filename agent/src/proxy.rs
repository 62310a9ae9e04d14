//! The proxy: users reach it, and it spreads their requests over the revisions by weight.
//!
//! # Guarantees
//!
//! - **Exact shares.** Of N requests since the weights changed each of two revisions gets its weight times N, give or take 4
//!   (of more, 6), for N up to 10^6. New routes are in effect for the next request.
//! - **Nothing lost.** A replica is taken out by [`Proxy::drain`]: it gets no request any more, and the future resolves
//!   when none is open there and every connection to it is closed, so that it may be ended. A request is sent again only
//!   if no byte of it was sent, or once if it is a GET or HEAD without a body and a connection that had served before
//!   closed before any byte of the response.
//! - **Nothing kept.** Bodies stream both ways at the receiver's pace, with trailers; upgraded connections (WebSocket) are
//!   passed on over HTTP/1.1.
//! - **Bounded.** Heads have at most 64 KiB and 100 headers (431), and [`Settings`] bounds the waiting. A body that flows
//!   may take any time.
//! - **Counted.** Every attempt counts once for its revision, see [`Counts`]; what clients break off does not.
//!
//! HTTP/1.1 and, by prior knowledge, HTTP/2 come in on one port, without TLS. `CONNECT` is refused. `Host` is kept, headers
//! of one hop are removed, `X-Forwarded-*` and `Forwarded` are overwritten unless the peer is trusted.
//!
//! # Assumptions
//!
//! - A replica keeps idle connections longer than [`Settings::pool_idle`], or says by `Keep-Alive: timeout` how long. If
//!   not, a request that crosses its closing of the connection fails, unless it may be repeated.
//! - A client that keeps an HTTP/1.1 connection idle for longer than [`Settings::header_timeout`] finds it closed.

mod body;
mod choice;
mod counts;
mod forward;
mod headers;
mod histogram;
pub mod metrics;
mod pool;
mod replica;
mod routes;
mod table;
mod tunnel;
mod upstream;
mod worker;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use tokio::sync::watch;

use self::worker::{Shared, State, Worker};

pub use self::counts::{Counts, ErrorClass};
pub use self::headers::{InvalidNetwork, Network};
pub use self::histogram::Histogram;
pub use self::routes::{InvalidRoutes, MAX_ENTRIES, Protocol, Replica, ReplicaId, Revision, RevisionId, Routes, WHOLE};

/// How long connections have to close after they were told to.
const CUT_TIME: Duration = Duration::from_secs(1);

/// How a proxy starts. Only the trusted proxies can change while it runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that serve.
    pub workers: usize,
    /// Peers whose `X-Forwarded-*` and `Forwarded` are believed.
    pub trusted_proxies: Vec<Network>,
    /// For the head of a request, and for the next one on an idle connection.
    pub header_timeout: Duration,
    /// For a connection to a replica.
    pub connect_timeout: Duration,
    /// From the end of the request to the head of the response.
    pub first_byte_timeout: Duration,
    /// How long an idle connection to a replica is kept, unless the replica says `Keep-Alive: timeout`: then that, less
    /// a second.
    pub pool_idle: Duration,
    /// Clients' connections at one time; more wait in the socket's queue.
    pub max_connections: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().map_or(1, usize::from),
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(1),
            first_byte_timeout: Duration::from_mins(1),
            pool_idle: Duration::from_millis(900),
            max_connections: 10_000,
        }
    }
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Requests, upgraded connections and streams that were closed at the deadline.
    pub cut: u64,
}

/// A running proxy. Clones are handles of the same; when the last is dropped, everything ends at once.
#[derive(Clone, Debug)]
pub struct Proxy(Arc<Running>);

#[derive(Debug)]
struct Running {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Closed when the last worker has ended.
    ended: watch::Receiver<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.close(State::Closed);
        // The threads have nothing left to wait for.
        for thread in self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drop(thread.join());
        }
    }
}

impl Proxy {
    /// Starts the threads. Nothing is accepted until [`Proxy::open`]; until then clients wait in the listener's queue.
    pub fn start(listener: TcpListener, settings: Settings) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let workers = settings.workers.max(1);
        let shared = Arc::new(Shared::new(settings, listener));
        let (running, ended) = watch::channel(());
        let running = Arc::new(running);
        let proxy = Self(Arc::new(Running { shared, threads: Mutex::default(), ended }));
        for number in 0..workers {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let worker = Arc::new(Worker::new(Arc::clone(&proxy.0.shared)));
            let running = Arc::clone(&running);
            let thread = thread::Builder::new().name(format!("proxy-{number}")).spawn(move || {
                runtime.block_on(worker.run());
                drop(runtime);
                drop(running);
            })?;
            proxy.0.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(proxy)
    }

    /// Replaces all routes at once. A replica that is no longer named gets no request any more; the counters of a revision
    /// that is no longer named are gone.
    pub fn set_routes(&self, routes: Routes) -> Result<(), InvalidRoutes> {
        self.0.shared.change(|registry| registry.set(routes))
    }

    /// Sets the peers whose `X-Forwarded-*` and `Forwarded` are believed, for connections from now on.
    pub fn set_trusted_proxies(&self, trusted: Vec<Network>) {
        self.0.shared.set_trusted(trusted);
    }

    /// Accepts connections. Does nothing once the proxy is shut down.
    pub fn open(&self) {
        self.turn(State::Open);
    }

    /// Accepts no more connections; those that are open are served on.
    pub fn pause(&self) {
        self.turn(State::Paused);
    }

    fn turn(&self, to: State) {
        self.0.shared.door.send_if_modified(|door| {
            let may = matches!(door.state, State::Open | State::Paused) && door.state != to;
            if may {
                door.state = to;
            }
            may
        });
    }

    /// Another handle of the socket that connections come in on, to be handed to a successor.
    pub fn listener(&self) -> io::Result<TcpListener> {
        let socket = self.0.shared.door.borrow().socket.clone();
        socket.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the proxy is shut down"))?.try_clone()
    }

    /// Takes connections from another socket. What waits in the queue of the old one is still accepted.
    pub fn replace_listener(&self, listener: TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let replaced = self.0.shared.door.send_if_modified(|door| {
            let open = door.socket.is_some();
            door.socket = open.then(|| Arc::new(listener));
            open
        });
        if replaced { Ok(()) } else { Err(io::Error::new(io::ErrorKind::NotConnected, "the proxy is shut down")) }
    }

    /// Takes a replica out of every choice, from this call on and for good, and waits until nothing is in flight there.
    /// What is open after `deadline` is closed and counted as cut. When the future resolves, no connection to the replica
    /// is open. A replica that the proxy does not know is drained already.
    pub fn drain(&self, replica: &ReplicaId, deadline: Duration) -> impl Future<Output = Drained> + Send + use<> {
        let shared = Arc::clone(&self.0.shared);
        let replica = shared.change(|registry| registry.start_drain(replica));
        async move {
            let Some(replica) = replica else { return Drained { cut: 0 } };
            let mut cut = 0;
            if tokio::time::timeout(deadline, replica.idle()).await.is_err() {
                cut = replica.in_flight();
            }
            replica.cut();
            let closed = async {
                replica.idle().await;
                replica.unconnected().await;
            };
            if tokio::time::timeout(CUT_TIME, closed).await.is_err() {
                tracing::warn!(replica = %replica.id, "connections are still open after they were closed");
            }
            shared.change(|registry| registry.forget(&replica));
            Drained { cut }
        }
    }

    /// Requests, upgraded connections and streams that are open at a replica.
    pub fn in_flight(&self, replica: &ReplicaId) -> u64 {
        self.0.shared.registry().replicas.get(replica).map_or(0, |replica| replica.in_flight())
    }

    /// The counters of every revision of the routes.
    pub fn counts(&self) -> BTreeMap<RevisionId, Counts> {
        let recordings = self.0.shared.registry().recordings.clone();
        recordings.into_iter().map(|(id, recording)| (id, recording.snapshot())).collect()
    }

    /// Requests that were answered with 503 because no revision had both weight and a ready replica.
    pub fn unrouted(&self) -> u64 {
        self.0.shared.unrouted.load(Relaxed)
    }

    /// Stops accepting and waits until the connections that are open have ended: clients are told to close them, and after
    /// `grace` they are closed and counted as cut.
    pub fn shutdown(&self, grace: Duration) -> impl Future<Output = ()> + Send + use<> {
        self.0.shared.close(State::Closing(grace));
        let (shared, mut ended) = (Arc::clone(&self.0.shared), self.0.ended.clone());
        async move {
            // A change is never sent: the end of the wait is that of the workers.
            if tokio::time::timeout(grace, ended.changed()).await.is_ok() {
                return;
            }
            let replicas: Vec<_> = shared.registry().replicas.values().cloned().collect();
            for replica in replicas {
                replica.start_drain();
                replica.cut();
            }
            drop(tokio::time::timeout(CUT_TIME, ended.changed()).await);
            shared.close(State::Closed);
            drop(ended.changed().await);
        }
    }
}
