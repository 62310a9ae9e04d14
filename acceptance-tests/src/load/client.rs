//! One request and its answer, over connections that are kept alive.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HOST;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Call;
use super::summary::{Answer, Failed};

/// The header in which the service says its version.
const VERSION: &str = "x-version";

/// The longest name of a version that is told apart, in bytes.
const LONGEST_VERSION: usize = 100;

/// The largest answer, in bytes.
const LARGEST_ANSWER: usize = 64 << 20;

pub(super) struct Client {
    address: SocketAddr,
    timeout: Duration,
    keep_alive: Duration,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// How many bytes came over it.
    received: Arc<AtomicU64>,
    /// When it was last used, if it was.
    used: Option<Instant>,
}

/// Why there is no answer.
enum Lost {
    /// The server cannot have seen the request.
    Unsent(Box<Request<Full<Bytes>>>),
    /// The connection had been used before and ended without a byte of an answer.
    Stale,
    /// Anything else.
    Failed(Failed),
}

impl Client {
    pub(super) fn new(address: SocketAddr, timeout: Duration, keep_alive: Duration) -> Self {
        Self { address, timeout, keep_alive, idle: Mutex::default() }
    }

    /// Sends the nth request of the load.
    pub(super) async fn ask(&self, call: &Call, n: u64) -> Answer {
        // Filled in as it becomes known, so that it is there when time is up.
        let mut answer = Answer::default();
        let failed = match tokio::time::timeout(self.timeout, self.exchange(call, n, &mut answer)).await {
            Ok(Ok(())) => None,
            Ok(Err(failed)) => Some(failed),
            Err(_) => Some(Failed::Timeout),
        };
        Answer { failed, ..answer }
    }

    async fn exchange(&self, call: &Call, n: u64, answer: &mut Answer) -> Result<(), Failed> {
        let body = call.body.map_or_else(Bytes::new, |size| body(n, size));
        let mut connection = self.connection().await?;
        let response = match send(&mut connection, self.request(call, &body)).await {
            Ok(response) => response,
            Err(Lost::Failed(failed)) => return Err(failed),
            Err(Lost::Stale) if call.body.is_some() => return Err(Failed::Stale),
            Err(lost @ (Lost::Stale | Lost::Unsent(_))) => {
                answer.resent = true;
                let request = if let Lost::Unsent(request) = lost { *request } else { self.request(call, &body) };
                connection = self.connect().await?;
                send(&mut connection, request).await.map_err(|lost| match lost {
                    Lost::Failed(failed) => failed,
                    Lost::Stale | Lost::Unsent(_) => Failed::Reset,
                })?
            }
        };
        let version = response.headers().get(VERSION).and_then(|value| value.to_str().ok());
        answer.version = version.map(|text| text[..text.floor_char_boundary(LONGEST_VERSION)].to_owned());
        let status = response.status();
        let whole = read(response.into_body(), call.body.is_some().then_some(&body)).await?;
        self.put_back(connection);
        if !status.is_success() {
            return Err(Failed::Status(status.as_u16()));
        }
        if whole { Ok(()) } else { Err(Failed::WrongBody) }
    }

    fn request(&self, call: &Call, body: &Bytes) -> Request<Full<Bytes>> {
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        Request::builder()
            .method(method)
            .uri(&call.path)
            .header(HOST, self.address.to_string())
            .body(Full::new(body.clone()))
            .expect("the path was checked")
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is kept alive, the last used first, or a new one.
    async fn connection(&self) -> Result<Connection, Failed> {
        loop {
            let Some(mut connection) = self.idle().pop() else { return self.connect().await };
            let young = connection.used.is_some_and(|used| used.elapsed() < self.keep_alive);
            if young && connection.sender.ready().await.is_ok() {
                return Ok(connection);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Failed> {
        let stream = TcpStream::connect(self.address).await.map_err(|_| Failed::Connect)?;
        stream.set_nodelay(true).map_err(|_| Failed::Connect)?;
        let received = Arc::new(AtomicU64::new(0));
        let stream = Counted { stream, received: Arc::clone(&received) };
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failed::Connect)?;
        // How it ends is seen by the request that is on it.
        tokio::spawn(connection);
        Ok(Connection { sender, received, used: None })
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle();
        idle.retain(|other| {
            !other.sender.is_closed() && other.used.is_some_and(|used| used.elapsed() < self.keep_alive)
        });
        if self.keep_alive > Duration::ZERO {
            idle.push(Connection { used: Some(Instant::now()), ..connection });
        }
    }
}

async fn send(connection: &mut Connection, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Lost> {
    let before = connection.received.load(Ordering::Relaxed);
    let mut failure = match connection.sender.try_send_request(request).await {
        Ok(response) => return Ok(response),
        Err(failure) => failure,
    };
    if let Some(request) = failure.take_message() {
        return Err(Lost::Unsent(Box::new(request)));
    }
    if failure.error().is_parse() {
        return Err(Lost::Failed(Failed::Malformed));
    }
    let silent = connection.received.load(Ordering::Relaxed) == before;
    Err(if silent && connection.used.is_some() { Lost::Stale } else { Lost::Failed(Failed::Reset) })
}

/// Reads all of the body. Whether it is the expected one, if one is.
async fn read(mut body: Incoming, expected: Option<&Bytes>) -> Result<bool, Failed> {
    let (mut length, mut same) = (0_usize, true);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failed::CutShort)?;
        let Some(data) = frame.data_ref() else { continue };
        if let Some(expected) = expected {
            same &= expected.get(length..).is_some_and(|rest| rest.starts_with(data));
        }
        length += data.len();
        if length > LARGEST_ANSWER {
            return Ok(false);
        }
    }
    Ok(same && expected.is_none_or(|expected| expected.len() == length))
}

/// A body of this size that begins with the number of its request.
fn body(n: u64, size: usize) -> Bytes {
    format!("{n:020}").bytes().cycle().take(size).collect()
}

/// A stream that counts what it receives.
struct Counted {
    stream: TcpStream,
    received: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.received.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
