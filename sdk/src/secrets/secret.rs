//! Plain secrets in memory.

use std::fmt;

use zeroize::Zeroize;

/// A secret in plain: it has no `Display` and no serde, `Debug` prints `(secret)`, and its memory is overwritten when it is
/// dropped. Copies that the value made of itself before (a string that grew) are not found.
///
/// ```compile_fail
/// fn text(secret: devopsflow::secrets::Secret<String>) -> serde_json::Result<String> {
///     serde_json::to_string(&secret)
/// }
/// ```
///
/// ```compile_fail
/// fn text(secret: devopsflow::secrets::Secret<String>) -> String {
///     secret.to_string()
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Wipe>(T);

impl<T: Wipe> Secret<T> {
    /// `plain`, from here on as a secret.
    pub fn new(plain: T) -> Self {
        Self(plain)
    }

    /// The plain value, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<Vec<u8>> {
    /// Leaves the first `length` bytes, and overwrites the others.
    pub(super) fn truncate(&mut self, length: usize) {
        self.0[length..].zeroize();
        self.0.truncate(length);
    }
}

impl<T: Wipe> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T: Wipe> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// What can overwrite the memory that holds it.
pub trait Wipe {
    /// Overwrites the value. What is left is a valid value that says nothing.
    fn wipe(&mut self);
}

impl Wipe for String {
    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl Wipe for Vec<u8> {
    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> Wipe for [u8; N] {
    fn wipe(&mut self) {
        self.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn debug_says_nothing() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "(secret) Some(\n    (secret),\n)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn dropping_wipes() {
        struct Seen(Arc<AtomicBool>);
        impl Wipe for Seen {
            fn wipe(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let wiped = Arc::new(AtomicBool::new(false));
        drop(Secret::new(Seen(Arc::clone(&wiped))));
        assert!(wiped.load(Ordering::Relaxed));
        let mut text = "hunter2".to_owned();
        text.wipe();
        assert_eq!(text, "");
        let mut bytes = [7; 32];
        bytes.wipe();
        assert_eq!(bytes, [0; 32]);
    }
}
