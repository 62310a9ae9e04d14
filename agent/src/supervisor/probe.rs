//! Whether a replica takes requests.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::Pid;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::launch::{Probe, Readiness};
use super::procfs::{self, Holder};
use super::replica::State;

/// How often a replica that was never ready is asked, at least.
const STARTING_INTERVAL: Duration = Duration::from_millis(100);

/// Keeps `state` true for as long as this is polled.
pub(super) async fn watch_readiness(
    group: Pid,
    port: u16,
    readiness: &Readiness,
    state: &watch::Sender<State>,
) -> Infallible {
    let mut listening = Listening { group, port, holders: Vec::new() };
    let mut failures = 0;
    loop {
        let holds = listening.is_ours().await.unwrap_or_else(|error| {
            tracing::warn!(port, %error, "cannot look at the listening sockets");
            false
        });
        let passes = holds && matches!(timeout(readiness.timeout, ask(port, &readiness.probe)).await, Ok(Ok(true)));
        failures = if passes { 0 } else { failures + 1 };
        let now = *state.borrow();
        let next = match now {
            _ if passes => State::Ready,
            State::Ready if !holds || failures >= readiness.failures => State::NotReady,
            same => same,
        };
        state.send_if_modified(|state| std::mem::replace(state, next) != next);
        let interval = match next {
            State::Starting => readiness.interval.min(STARTING_INTERVAL),
            _ => readiness.interval,
        };
        sleep(interval).await;
    }
}

/// The sockets that listen on the port, and where they were found.
struct Listening {
    group: Pid,
    port: u16,
    holders: Vec<(u64, Holder)>,
}

impl Listening {
    /// Whether something listens, and every listening socket is held by a process of the group.
    ///
    /// Without this a stranger on the port would get the traffic of a replica that failed to bind it.
    async fn is_ours(&mut self) -> io::Result<bool> {
        let (group, port, mut known) = (self.group, self.port, std::mem::take(&mut self.holders));
        let look = move || {
            let inodes = procfs::listeners(port)?;
            let mut holders = Vec::with_capacity(inodes.len());
            for inode in &inodes {
                // Looking through all descriptors of all processes is only for a socket that was not where it used to be.
                let at = known.iter().position(|(socket, holder)| socket == inode && holder.holds(*inode));
                let holder = match at {
                    Some(at) => Some(known.swap_remove(at).1),
                    None => Holder::find(group, *inode)?,
                };
                holders.extend(holder.map(|holder| (*inode, holder)));
            }
            io::Result::Ok((!inodes.is_empty() && holders.len() == inodes.len(), holders))
        };
        let (ours, holders) = tokio::task::spawn_blocking(look).await.map_err(io::Error::other)??;
        self.holders = holders;
        Ok(ours)
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn ask(port: u16, probe: &Probe) -> Result<bool, Failure> {
    match probe {
        Probe::Port => Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map(|_| true)?),
        Probe::Http { path, http2 } => Ok(get(port, path, *http2).await? == StatusCode::OK),
    }
}

/// The status with which what listens on `port` of this machine answers `GET path`, over a connection of its own.
pub async fn get(port: u16, path: &str, http2: bool) -> Result<StatusCode, Failure> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let authority = format!("127.0.0.1:{port}");
    let (io, body) = (TokioIo::new(stream), Empty::<Bytes>::new());
    let status = if http2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        let request = Request::get(format!("http://{authority}{path}")).body(body)?;
        status(sender.send_request(request), connection).await?
    } else {
        let (mut sender, connection) = http1::handshake(io).await?;
        let request = Request::get(path).header("host", authority).header("connection", "close").body(body)?;
        status(sender.send_request(request), connection).await?
    };
    Ok(status)
}

/// The status of the response, with the connection polled beside it and dropped after it.
async fn status(
    response: impl Future<Output = hyper::Result<Response<Incoming>>>,
    connection: impl Future<Output = hyper::Result<()>>,
) -> hyper::Result<StatusCode> {
    let mut response = pin!(response);
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        // A server that closes after its answer: the answer is there by now, or the reason why not.
        _ = connection => response.await,
    };
    Ok(response?.status())
}
