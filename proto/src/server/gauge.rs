//! How many of something are open, and waiting until none is.

use std::sync::Arc;

use tokio::sync::watch;

/// A count that clones share.
#[derive(Debug, Clone)]
pub(super) struct Gauge(Arc<watch::Sender<usize>>);

/// One of what a [`Gauge`] counts, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Gauge);

impl Gauge {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Counts one more.
    pub(super) fn enter(&self) -> Counted {
        self.0.send_modify(|count| *count += 1);
        Counted(self.clone())
    }

    /// Waits until there are any.
    pub(super) async fn occupied(&self) {
        self.wait_for(|count| count > 0).await;
    }

    /// Waits until there are none.
    pub(super) async fn empty(&self) {
        self.wait_for(|count| count == 0).await;
    }

    async fn wait_for(&self, condition: impl Fn(usize) -> bool) {
        let reached = self.0.subscribe().wait_for(|count| condition(*count)).await.is_ok();
        debug_assert!(reached, "the sender lives as long as the gauge");
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
