//! One thread of the proxy: accepts connections and serves them with its own copy of the routes.

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use std::{convert::Infallible, io};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

use super::Settings;
use super::forward::{self, Client};
use super::headers::{Network, Origin};
use super::table::{Registry, Table, Upstreams};

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// How long to wait when the process has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Held by everything that is to end before the worker does.
pub(super) type Open = mpsc::Sender<Infallible>;

/// What all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    /// Looked at once for each connection.
    trusted: RwLock<Vec<Network>>,
    registry: Mutex<Registry>,
    /// Rises with each change of the registry.
    version: watch::Sender<u64>,
    /// The same, to be read by each request.
    published: AtomicU64,
    pub(super) unrouted: AtomicU64,
    pub(super) door: watch::Sender<Door>,
    /// The door is closing; to be read by each request.
    closing: AtomicBool,
    places: Arc<Semaphore>,
}

/// Where connections come in, and whether they do.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// None once the proxy is shut down: whoever connects then is refused, unless a successor has the socket.
    pub(super) socket: Option<Arc<TcpListener>>,
    pub(super) state: State,
}

/// Whether connections are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Paused,
    Open,
    /// No new ones; those that are open have this long.
    Closing(Duration),
    /// Everything ends now.
    Closed,
}

impl Shared {
    pub(super) fn set_trusted(&self, trusted: Vec<Network>) {
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = trusted;
    }

    pub(super) fn new(mut settings: Settings, socket: TcpListener) -> Self {
        Self {
            trusted: RwLock::new(std::mem::take(&mut settings.trusted_proxies)),
            places: Arc::new(Semaphore::new(settings.max_connections.clamp(1, Semaphore::MAX_PERMITS))),
            settings,
            registry: Mutex::default(),
            version: watch::Sender::new(0),
            published: AtomicU64::new(0),
            unrouted: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            door: watch::Sender::new(Door { socket: Some(Arc::new(socket)), state: State::Paused }),
        }
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the door, further than it is.
    pub(super) fn close(&self, to: State) {
        self.closing.store(true, Relaxed);
        self.door.send_modify(|door| {
            door.socket = None;
            if door.state != State::Closed {
                door.state = to;
            }
        });
    }

    /// Changes the registry and tells the workers: the next request, on any of them, sees it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        let mut registry = self.registry();
        // Before the change, so that a request that finds a replica draining also finds that there is a newer table; it
        // then waits for the lock.
        let version = self.published.load(Acquire) + 1;
        self.published.store(version, Release);
        let result = change(&mut registry);
        self.version.send_replace(version);
        result
    }
}

/// One worker's own state.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// Taken by this worker's thread only, so never waited for.
    local: Mutex<Local>,
    server: Builder<TokioExecutor>,
}

#[derive(Debug)]
struct Local {
    version: u64,
    table: Arc<Table>,
    upstreams: Upstreams,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let settings = &shared.settings;
        let upstreams = Upstreams::new(settings.connect_timeout, settings.pool_idle);
        let mut server = Builder::new(TokioExecutor::new());
        // hyper's own limit of 100 headers in HTTP/1 is the proxy's.
        let http1 = &mut server.http1();
        http1.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout).max_buf_size(MAX_HEAD);
        let head = u32::try_from(MAX_HEAD).expect("64 KiB");
        server.http2().timer(TokioTimer::new()).max_header_list_size(head);
        Self { local: Mutex::new(Local { version: 0, table: Arc::default(), upstreams }), server, shared }
    }

    /// The current table. A request that begins after a change of the routes sees the change.
    pub(super) fn table(&self) -> Arc<Table> {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if local.version != self.shared.published.load(Acquire) {
            let registry = self.shared.registry();
            local.version = self.shared.published.load(Acquire);
            local.table = Arc::new(registry.table(&mut local.upstreams));
        }
        Arc::clone(&local.table)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.shared.closing.load(Relaxed)
    }

    /// Serves until the proxy is closed. Returns when nothing is open any more, or at once when told so.
    pub(super) async fn run(self: Arc<Self>) {
        let (open, mut ended) = mpsc::channel(1);
        tokio::spawn(Arc::clone(&self).follow());
        let mut door = self.shared.door.subscribe();
        loop {
            let Door { socket, state } = door.borrow_and_update().clone();
            match (state, socket) {
                (State::Paused, _) | (State::Open, None) => {
                    if door.changed().await.is_err() {
                        return;
                    }
                }
                (State::Open, Some(socket)) => {
                    if let Err(error) = self.accept(&socket, &mut door, &open).await {
                        tracing::error!(%error, "the proxy cannot accept connections");
                        if door.changed().await.is_err() {
                            return;
                        }
                    }
                }
                (State::Closing(_), _) => {
                    drop(open);
                    tokio::select! {
                        _ = ended.recv() => (),
                        _ = door.wait_for(|door| door.state == State::Closed) => (),
                    }
                    return;
                }
                (State::Closed, _) => return,
            }
        }
    }

    /// Drops the connections of replicas that were taken out, also when no request comes.
    async fn follow(self: Arc<Self>) {
        let mut version = self.shared.version.subscribe();
        while version.changed().await.is_ok() {
            drop(self.table());
        }
    }

    /// Accepts from `socket` until the door changes.
    async fn accept(
        self: &Arc<Self>,
        socket: &Arc<TcpListener>,
        door: &mut watch::Receiver<Door>,
        open: &Open,
    ) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
        loop {
            let accepted = async {
                let place = Arc::clone(&self.shared.places).acquire_owned().await;
                (listener.accept().await, place.expect("never closed"))
            };
            tokio::select! {
                biased;
                _ = door.changed() => break,
                (accepted, place) = accepted => match accepted {
                    Ok((stream, peer)) => self.spawn(stream, peer, open, place),
                    // The peer was gone before it was accepted, or the process has too many files open.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => (),
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(EXHAUSTED).await;
                    }
                },
            }
        }
        if door.borrow().socket.as_ref().is_some_and(|now| Arc::ptr_eq(now, socket)) {
            return Ok(());
        }
        // Closing a socket resets what waits in its queue.
        while let Ok(place) = Arc::clone(&self.shared.places).try_acquire_owned()
            && let Ok((stream, peer)) = socket.accept()
        {
            stream.set_nonblocking(true)?;
            self.spawn(TcpStream::from_std(stream)?, peer, open, place);
        }
        Ok(())
    }

    fn spawn(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, open: &Open, place: OwnedSemaphorePermit) {
        let origin = Origin::new(peer, &self.shared.trusted.read().unwrap_or_else(PoisonError::into_inner));
        let client = Arc::new(Client::new(origin, open.clone(), place));
        tokio::spawn(Arc::clone(self).serve(stream, client));
    }

    /// Serves one connection.
    async fn serve(self: Arc<Self>, stream: TcpStream, client: Arc<Client>) {
        // Without it only latency suffers.
        drop(stream.set_nodelay(true));
        let service = service_fn(|request| forward::answer(Arc::clone(&self), Arc::clone(&client), request));
        let mut connection = pin!(self.server.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut door = self.shared.door.subscribe();
        // It may have begun to close before this connection was taken from the queue.
        door.mark_changed();
        let patience = self.shared.settings.header_timeout;
        let mut first_request = pin!(tokio::time::sleep(patience));
        let (mut waiting, mut told) = (true, false);
        let grace = loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return,
                () = &mut first_request, if waiting => {
                    waiting = !client.has_asked();
                    if waiting && told {
                        return;
                    }
                    if waiting {
                        told = true;
                        connection.as_mut().graceful_shutdown();
                        // A peer of HTTP/2 has to answer that.
                        first_request.as_mut().reset(Instant::now() + patience);
                    }
                }
                changed = door.changed() => match (changed, door.borrow().state) {
                    (Ok(()), State::Paused | State::Open) => (),
                    (Ok(()), State::Closing(grace)) => break grace,
                    (Err(_), _) | (_, State::Closed) => return,
                },
            }
        };
        // HTTP/2 can say that no stream is lost. In HTTP/1 only a response can say it: the client gets time for one
        // more request, for one that crosses the end of the connection is lost.
        if !client.is_http2() {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = tokio::time::sleep(grace / 2) => (),
            }
        }
        connection.as_mut().graceful_shutdown();
        // What ended it was said to the client, or the client said it.
        drop(connection.await);
    }
}
