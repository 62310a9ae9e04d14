//! When a provider process ends, and what it waits for.

use std::future;
use std::io;
use std::time::Duration;

use framework::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time;

use super::gauge::Gauge;

/// How long running calls may take to reach a safe point after they were asked to stop.
pub const DRAIN: Duration = Duration::from_mins(1);

/// How long a host may take to connect: as long as it waits for the handshake.
const CONNECT: Duration = Duration::from_mins(1);

/// What a process watches to know when to end.
#[derive(Debug)]
pub(super) struct Lifecycle {
    /// Made when the process is to end; everything that waits for the host's next word ends then.
    pub(super) ending: Stop,
    /// The connections of hosts.
    pub(super) connections: Gauge,
    /// The calls that run.
    pub(super) calls: Gauge,
    terminate: Signal,
    interrupt: Signal,
    debug: bool,
}

impl Lifecycle {
    /// Of a process that belongs to the host that started it.
    pub(super) fn hosted() -> io::Result<Self> {
        Self::new(false)
    }

    /// Of a process that a person started.
    pub(super) fn debug() -> io::Result<Self> {
        Self::new(true)
    }

    fn new(debug: bool) -> io::Result<Self> {
        Ok(Self {
            ending: Stop::new(),
            connections: Gauge::new(),
            calls: Gauge::new(),
            terminate: signal(SignalKind::terminate())?,
            // Taken over even where it does nothing: an interrupt at the terminal reaches the host too, which then
            // says itself what shall become of this process.
            interrupt: signal(SignalKind::interrupt())?,
            debug,
        })
    }

    /// Waits until there is a reason to end, and says which.
    pub(super) async fn end(&mut self) -> &'static str {
        let (ending, connections, debug) = (self.ending.requested(), self.connections.clone(), self.debug);
        tokio::select! {
            () = ending => "the host ends the provider",
            _ = self.terminate.recv() => "terminated",
            () = interrupted(&mut self.interrupt), if debug => "interrupted",
            () = host_gone(&connections), if !debug => "the host is gone",
        }
    }
}

async fn interrupted(interrupt: &mut Signal) {
    if interrupt.recv().await.is_none() {
        future::pending::<()>().await;
    }
}

/// Waits until the last connection is closed, or for a host that never connects.
async fn host_gone(connections: &Gauge) {
    if time::timeout(CONNECT, connections.occupied()).await.is_ok() {
        connections.empty().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_connects_is_gone_after_the_start_timeout() {
        let start = time::Instant::now();
        host_gone(&Gauge::new()).await;
        assert_eq!(start.elapsed().as_secs(), CONNECT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_is_gone_with_its_last_connection() {
        let connections = Gauge::new();
        let (first, second) = (connections.enter(), connections.enter());
        drop(first);
        assert!(time::timeout(2 * CONNECT, host_gone(&connections)).await.is_err());
        drop(second);
        connections.empty().await;
    }
}
