//! Locks that outlive a panic of whoever held them: nothing under them is left half-changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the lock guards.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
