//! Work that is about one resource: what answers its requests in this process can tell which, and a panic in it is an error
//! about that resource.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use framework::{Diagnostic, Diagnostics};

tokio::task_local! {
    static ADDRESS: String;
}

/// Does `work`, whose requests are about the resource at `address`.
pub(super) async fn about<T, E: From<Diagnostics>>(
    address: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let caught = async {
        let mut work = pin!(work);
        // Nothing of it is used afterwards but locks, whose users take what they find.
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(panicked(panic.as_ref()).into())),
        })
        .await
    };
    ADDRESS.scope(address.to_owned(), caught).await
}

/// The address that the current task's requests are about.
pub(crate) fn current() -> Option<String> {
    ADDRESS.try_with(Clone::clone).ok()
}

fn panicked(panic: &(dyn Any + Send)) -> Diagnostics {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("it does not say why");
    let detail = format!("{text}. What it did is not known; the next `up` finds out, or says what to do.");
    Diagnostic::error("Working on it panicked", detail).into()
}
