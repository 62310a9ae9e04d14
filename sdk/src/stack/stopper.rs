//! Asking runs to stop.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use crate::providers::Providers;

/// Stops the runs of a stack: no operation begins any more, providers are asked to end what they do at the next safe point,
/// and what ran is recorded as it ended. The run then fails; another one does the rest.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Default for Stopper {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stopper {
    /// Stops what runs, and what is run later on the same stack value.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked to stop.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    /// Tells these when it is asked to stop, as long as they run.
    pub(crate) fn watch(&self, providers: &Arc<Providers>) {
        let (mut asked, providers): (_, Weak<Providers>) = (self.0.subscribe(), Arc::downgrade(providers));
        tokio::spawn(async move {
            if asked.wait_for(|stop| *stop).await.is_ok()
                && let Some(providers) = providers.upgrade()
            {
                providers.stop();
            }
        });
    }
}
