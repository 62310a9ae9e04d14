//! Being asked to stop.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A request to stop that any number of tasks can look at or wait for. Clones share the request.
///
/// Stopping is final and idempotent: whoever asks first wins, later requests change nothing.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    requested: bool,
    lost: bool,
    waiting: Vec<Waker>,
}

impl Stop {
    /// A request that nobody has made yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everyone to stop at the next safe point. Returns at once.
    pub fn request(&self) {
        self.set(false);
    }

    /// Asks the same because nobody waits for what is done any more, and not because anybody wants it to stop.
    pub fn lose(&self) {
        self.set(true);
    }

    fn set(&self, lost: bool) {
        let waiting = {
            let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            inner.lost |= lost && !inner.requested;
            inner.requested = true;
            std::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether stopping was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).requested
    }

    /// Whether stopping was asked for only because nobody waits any more.
    pub fn is_lost(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lost
    }

    /// Waits until stopping is asked for.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        Requested(self.clone())
    }
}

struct Requested(Stop);

impl Future for Requested {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.requested {
            return Poll::Ready(());
        }
        if !inner.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            inner.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_woken() {
        let stop = Stop::new();
        let mut waiting = Box::pin(stop.requested());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        stop.request();
        stop.request();
        assert!(stop.clone().is_requested());
        assert!(waiting.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn who_asked_before_going_away_is_not_lost() {
        let (lost, asked) = (Stop::new(), Stop::new());
        lost.lose();
        assert!(lost.is_requested() && lost.is_lost());
        asked.request();
        asked.lose();
        assert!(!asked.is_lost());
    }
}
