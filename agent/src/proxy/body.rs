//! Bodies on their way through: nothing is kept, and what passes tells how the attempt ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Instant;

use super::counts::ErrorClass;
use super::replica::Attempt;

/// The body of a request. A clone continues where the other stands, so that one that nothing was read of can be sent
/// again.
#[derive(Clone, Debug)]
pub(super) enum RequestBody {
    Empty,
    Stream(Arc<Mutex<Upload>>),
}

/// A body that a client sends, and how far it is.
#[derive(Debug)]
pub(super) struct Upload {
    incoming: Incoming,
    touched: bool,
    state: State,
    moved: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The replica has not taken what there is.
    Replica,
    /// The client has not sent what the replica would take.
    Client,
    Ended,
    /// The client broke off.
    Failed,
}

fn lock(upload: &Mutex<Upload>) -> MutexGuard<'_, Upload> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming) -> Self {
        if incoming.is_end_stream() {
            return Self::Empty;
        }
        let upload = Upload { incoming, touched: false, state: State::Replica, moved: Instant::now() };
        Self::Stream(Arc::new(Mutex::new(upload)))
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether any of it may have been sent.
    pub(super) fn is_touched(&self) -> bool {
        matches!(self, Self::Stream(upload) if lock(upload).touched)
    }

    /// Whether the client broke off while sending it.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Stream(upload) if lock(upload).state == State::Failed)
    }

    /// Since when the replica has been the one to act, none while it waits for the client.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        match self {
            Self::Empty => None,
            Self::Stream(upload) => {
                let upload = lock(upload);
                Some(if upload.state == State::Client { Instant::now() } else { upload.moved })
            }
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self::Stream(upload) = &*self else { return Poll::Ready(None) };
        let mut upload = lock(upload);
        upload.touched = true;
        let polled = Pin::new(&mut upload.incoming).poll_frame(cx);
        upload.state = match &polled {
            Poll::Pending => State::Client,
            Poll::Ready(Some(Ok(_))) => State::Replica,
            Poll::Ready(None) => State::Ended,
            Poll::Ready(Some(Err(_))) => State::Failed,
        };
        if polled.is_ready() {
            upload.moved = Instant::now();
        }
        if upload.state == State::Replica && upload.incoming.is_end_stream() {
            upload.state = State::Ended;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream(upload) => lock(upload).incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream(upload) => lock(upload).incoming.size_hint(),
        }
    }
}

/// The body of a response: a text of the proxy's own, or what a replica sends.
#[derive(Debug)]
pub(super) enum ResponseBody {
    Own(Full<Bytes>),
    Replica(Box<Download>),
}

/// A body that a replica sends. Its end decides the attempt.
#[derive(Debug)]
pub(super) struct Download {
    incoming: Incoming,
    attempt: Attempt,
    grpc: Grpc,
    upload: RequestBody,
}

/// Where the status of a gRPC call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grpc {
    /// Not a gRPC response.
    No,
    Awaited,
    Ok,
    Error,
}

impl Grpc {
    /// The state after a head or trailers. Errors are those of the server: unknown (2), deadline exceeded (4),
    /// internal (13), unavailable (14), data loss (15).
    fn after(self, headers: &HeaderMap) -> Self {
        match headers.get("grpc-status").map(HeaderValue::as_bytes) {
            None => self,
            Some(b"2" | b"4" | b"13" | b"14" | b"15") => Self::Error,
            Some(_) => Self::Ok,
        }
    }

    fn of(head: &HeaderMap) -> Self {
        let kind =
            head.get(CONTENT_TYPE).map(HeaderValue::as_bytes).and_then(|kind| kind.strip_prefix(b"application/grpc"));
        match kind {
            Some([] | [b'+' | b';' | b' ', ..]) => Self::Awaited.after(head),
            _ => Self::No,
        }
    }

    fn error(self) -> Option<ErrorClass> {
        matches!(self, Self::Awaited | Self::Error).then_some(ErrorClass::Grpc)
    }
}

impl ResponseBody {
    pub(super) fn text(text: &'static str) -> Self {
        Self::Own(Full::from(text))
    }

    pub(super) fn replica(incoming: Incoming, head: &HeaderMap, attempt: Attempt, upload: RequestBody) -> Self {
        let mut download = Box::new(Download { incoming, attempt, grpc: Grpc::of(head), upload });
        if download.grpc == Grpc::Error {
            download.attempt.decide(Some(ErrorClass::Grpc));
        }
        Self::Replica(download)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let download = match self.get_mut() {
            Self::Own(text) => {
                let frame = ready!(Pin::new(text).poll_frame(cx));
                return Poll::Ready(frame.map(|frame| frame.map_err(|never| match never {})));
            }
            Self::Replica(download) => download,
        };
        let frame = ready!(Pin::new(&mut download.incoming).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                // Trailers are the end: a server does not ask further.
                if let Some(trailers) = frame.trailers_ref() {
                    if download.grpc == Grpc::Awaited {
                        download.grpc = download.grpc.after(trailers);
                    }
                    download.attempt.finish(download.grpc.error());
                }
            }
            Some(Err(_)) if download.upload.has_failed() => (),
            Some(Err(_)) => download.attempt.fail(ErrorClass::Reset),
            None => download.attempt.finish(download.grpc.error()),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text) => text.is_end_stream(),
            Self::Replica(download) => download.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text) => text.size_hint(),
            Self::Replica(download) => download.incoming.size_hint(),
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // A server does not ask for the end of a body whose length it knows.
        if self.incoming.is_end_stream() {
            self.attempt.finish(self.grpc.error());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_grpc_is_read_as_grpc() {
        for (kind, grpc) in [
            ("application/grpc", Grpc::Awaited),
            ("application/grpc+proto", Grpc::Awaited),
            ("application/grpc; charset=utf-8", Grpc::Awaited),
            ("application/grpc-web", Grpc::No),
            ("text/html", Grpc::No),
        ] {
            let head = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(Grpc::of(&head), grpc, "{kind}");
        }
    }
}
