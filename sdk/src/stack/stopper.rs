//! Asking runs to stop.

use std::sync::{Arc, Weak};

use tokio::sync::{oneshot, watch};

use super::Error;
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

    /// An error when it was asked to stop.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_stopping() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Asks a person, and takes a stop for an answer. `question` is asked on a thread of its own, which nobody hears any more
    /// once the run was stopped.
    pub(crate) async fn ask(&self, question: impl FnOnce() -> bool + Send + 'static) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        std::thread::spawn(move || answer.send(question()));
        let mut asked = self.0.subscribe();
        tokio::select! {
            biased;
            _ = asked.wait_for(|stop| *stop) => Err(Error::Stopped),
            answer = answered => if answer == Ok(true) { Ok(()) } else { Err(Error::Declined) },
        }
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
