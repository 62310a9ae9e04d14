//! The connections of one worker to one replica.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Authority;
use http::{Extensions, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::body::RequestBody;
use super::counts::ErrorClass;
use super::pool::Pool;
use super::replica::{ConnectionGuard, Replica};
use super::routes::Protocol;

/// The longest idle limit that a replica's own word may give the pool.
const LONGEST_IDLE: Duration = Duration::from_mins(1);

/// A replica and this worker's connections to it. Dropping it closes the idle ones.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) replica: Arc<Replica>,
    /// The replica's address as the host of a target.
    pub(super) authority: Authority,
    connections: Connections,
}

#[derive(Debug)]
enum Connections {
    Http1(Arc<Pool>),
    H2c(Box<Client<Connector, RequestBody>>),
}

impl Upstream {
    pub(super) fn new(replica: Arc<Replica>, timeout: Duration, idle: Duration) -> Self {
        let authority = replica.address.to_string().parse().expect("an address and a port");
        let connector = Connector { replica: Arc::clone(&replica), timeout };
        let connections = match replica.protocol {
            Protocol::Http1 => Connections::Http1(Arc::new(Pool::new(connector, idle))),
            Protocol::H2c => Connections::H2c(Box::new(client(connector, idle))),
        };
        Self { replica, authority, connections }
    }

    pub(super) async fn send(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, Failure> {
        match &self.connections {
            Connections::Http1(pool) => pool.send(request).await,
            Connections::H2c(client) => client.request(request).await.map_err(Failure::of),
        }
    }

    /// The replica closes connections that were idle for `seconds`: from now on they are kept a second less.
    pub(super) fn keep_alive(&self, seconds: u64) {
        if let Connections::Http1(pool) = &self.connections {
            pool.keep_alive(Duration::from_secs(seconds.saturating_sub(1)).min(LONGEST_IDLE));
        }
    }
}

fn client(connector: Connector, idle: Duration) -> Client<Connector, RequestBody> {
    let mut builder = Client::builder(Cuttable(Arc::clone(&connector.replica)));
    builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(idle);
    builder.http2_only(true).build(connector)
}

/// Runs the tasks of connections until the replica is cut.
#[derive(Clone, Debug)]
struct Cuttable(Arc<Replica>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Cuttable {
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

/// Connects to the replica, whatever host the request names.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) replica: Arc<Replica>,
    timeout: Duration,
}

impl Connector {
    pub(super) async fn connect(&self) -> io::Result<Tracked> {
        let connected = tokio::time::timeout(self.timeout, TcpStream::connect(self.replica.address)).await;
        let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        Ok(Tracked { stream, trace: Trace::default(), _guard: self.replica.connected() })
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Tracked>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Tracked>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await.map(TokioIo::new) })
    }
}

/// What has passed over a connection, as far as a retry needs to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Arc<Passed>);

#[derive(Debug, Default)]
struct Passed {
    /// Times that writing began after something had been read: requests after the first.
    reuses: AtomicU64,
    written: AtomicBool,
    /// Something was read since the last write.
    read: AtomicBool,
}

impl Trace {
    fn wrote(&self) {
        let passed = &self.0;
        if passed.read.load(Relaxed) {
            passed.read.store(false, Relaxed);
            passed.reuses.fetch_add(1, Relaxed);
        }
        passed.written.store(true, Relaxed);
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Tracked {
    stream: TcpStream,
    pub(super) trace: Trace,
    _guard: ConnectionGuard,
}

impl Connection for Tracked {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.trace.clone())
    }
}

impl AsyncRead for Tracked {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.trace.0.read.store(true, Relaxed);
        }
        read
    }
}

impl AsyncWrite for Tracked {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.trace.wrote();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.trace.wrote();
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }
}

/// Why an attempt failed, and what that allows.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: ErrorClass,
    /// Not one byte of the request reached the replica.
    pub(super) never_sent: bool,
    /// A connection that had served before closed before any byte of the response.
    pub(super) stale: bool,
    pub(super) why: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure {
    /// It failed before there was a connection to send on.
    pub(super) fn unconnected(why: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { class: ErrorClass::Connect, never_sent: true, stale: false, why: Box::new(why) }
    }

    /// It failed on a connection over which this had passed.
    pub(super) fn after(Trace(passed): &Trace, why: impl std::error::Error + Send + Sync + 'static) -> Self {
        let mut causes = std::iter::successors(Some(&why as &(dyn std::error::Error + 'static)), |why| why.source());
        let malformed = causes.any(|why| why.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse));
        Self {
            class: if malformed { ErrorClass::Malformed } else { ErrorClass::Reset },
            never_sent: !passed.written.load(Relaxed),
            stale: passed.reuses.load(Relaxed) > 0 && !passed.read.load(Relaxed),
            why: Box::new(why),
        }
    }

    fn of(error: Error) -> Self {
        let mut extensions = Extensions::new();
        if let Some(connected) = error.connect_info() {
            connected.get_extras(&mut extensions);
        }
        match extensions.get::<Trace>() {
            Some(trace) => Self::after(trace, error),
            None => Self::unconnected(error),
        }
    }
}
