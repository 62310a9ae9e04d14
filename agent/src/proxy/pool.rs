//! The connections of one worker to one replica that speaks HTTP/1.1.
//!
//! hyper-util's client does the same for any number of hosts and protocols, with locks, hashed keys and a task where none is
//! needed here; that is a fifth of what a small request costs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::body::RequestBody;
use super::upstream::{Connector, Failure, Trace};

/// Connections that wait for the next request, the last used one at the end. Dropping it closes them.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    idle: Mutex<Idle>,
}

#[derive(Debug)]
struct Idle {
    connections: Vec<Connection>,
    /// How long one is kept.
    limit: Duration,
    /// The replica has named its own limit, which is `limit` and may only fall.
    told: bool,
    /// A task closes those that are past the limit.
    swept: bool,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<RequestBody>,
    trace: Trace,
    /// When it became idle.
    since: Instant,
}

impl Pool {
    pub(super) fn new(connector: Connector, limit: Duration) -> Self {
        Self { connector, idle: Mutex::new(Idle { connections: Vec::new(), limit, told: false, swept: false }) }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replica's own limit.
    pub(super) fn keep_alive(&self, limit: Duration) {
        let mut idle = self.idle();
        if limit < idle.limit || !idle.told && limit != idle.limit {
            (idle.limit, idle.told) = (limit, true);
        }
    }

    /// Sends a request on a connection that is idle, or else on a new one.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, Failure> {
        loop {
            let kept = self.kept();
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(kept) => kept,
                None => self.connect().await?,
            };
            match connection.sender.try_send_request(request).await {
                Ok(response) => {
                    self.keep(connection);
                    return Ok(response);
                }
                Err(mut error) => match error.take_message().filter(|_| reused) {
                    // The replica closed it before the request was begun.
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::after(&connection.trace, error.into_error())),
                },
            }
        }
    }

    /// The connection that was used last, for it is the most likely one to be open.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        let limit = idle.limit;
        while let Some(connection) = idle.connections.pop() {
            if connection.since.elapsed() >= limit {
                // Those below are older.
                idle.connections.clear();
            } else if connection.sender.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let stream = self.connector.connect().await.map_err(Failure::unconnected)?;
        let trace = stream.trace.clone();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Failure::unconnected)?;
        // What ended it was said to whoever waits for a response.
        self.connector.replica.spawn(async move { drop(connection.with_upgrades().await) });
        Ok(Connection { sender, trace, since: Instant::now() })
    }

    /// Keeps a connection for the next request, once its response is complete.
    fn keep(self: &Arc<Self>, mut connection: Connection) {
        if connection.sender.is_ready() {
            self.put(connection);
            return;
        }
        let pool = Arc::downgrade(self);
        self.connector.replica.spawn(async move {
            if connection.sender.ready().await.is_ok()
                && let Some(pool) = pool.upgrade()
            {
                pool.put(connection);
            }
        });
    }

    fn put(self: &Arc<Self>, mut connection: Connection) {
        connection.since = Instant::now();
        let mut idle = self.idle();
        if idle.limit.is_zero() {
            return;
        }
        idle.connections.push(connection);
        if !std::mem::replace(&mut idle.swept, true) {
            self.connector.replica.spawn(sweep(Arc::downgrade(self), idle.limit));
        }
    }
}

/// Closes what is past the limit, until nothing is idle.
async fn sweep(pool: Weak<Pool>, mut limit: Duration) {
    loop {
        tokio::time::sleep(limit).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        limit = idle.limit;
        idle.connections.retain(|connection| connection.since.elapsed() < limit && !connection.sender.is_closed());
        if idle.connections.is_empty() {
            idle.swept = false;
            return;
        }
    }
}
