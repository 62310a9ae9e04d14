//! A service for tests: an HTTP server (HTTP/1.1, and HTTP/2 by prior knowledge) on `$HOST:$PORT` that misbehaves as it is told.
//!
//! Every answer names the version in the header `x-version`. Flags, each with one value:
//! `--version TEXT` what `GET /` answers (default `v1`); `--listen-after MS`; `--ready-after MS` until then `/healthz` answers
//! 503; `--unready-after MS` from then on it does again; `--error-every N` every Nth request answers 500; `--slow MS` before each
//! answer; `--exit-after MS` exits with code 3; `--ignore-term 1` takes SIGTERM without ending.
//!
//! Paths: `/healthz` (neither counted, slowed nor failed); `/stream?ms=N` sends a chunk every 10 ms for N ms; `/slow?ms=N` answers
//! after N ms; any POST is echoed; all else answers the version.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{env, pin::Pin};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Sleep, sleep};

#[derive(Debug)]
struct Options {
    version: String,
    listen_after: Duration,
    ready_after: Duration,
    unready_after: Option<Duration>,
    error_every: Option<u64>,
    slow: Duration,
    exit_after: Option<Duration>,
    ignore_term: bool,
}

impl Options {
    fn parse(mut arguments: VecDeque<String>) -> anyhow::Result<Self> {
        let mut options = Self {
            version: "v1".to_owned(),
            listen_after: Duration::ZERO,
            ready_after: Duration::ZERO,
            unready_after: None,
            error_every: None,
            slow: Duration::ZERO,
            exit_after: None,
            ignore_term: false,
        };
        while let Some(flag) = arguments.pop_front() {
            let value = arguments.pop_front().with_context(|| format!("{flag} needs a value"))?;
            let number = || value.parse::<u64>().with_context(|| format!("{flag} needs a number"));
            let millis = || number().map(Duration::from_millis);
            match flag.as_str() {
                "--version" => options.version = value,
                "--listen-after" => options.listen_after = millis()?,
                "--ready-after" => options.ready_after = millis()?,
                "--unready-after" => options.unready_after = Some(millis()?),
                "--error-every" => options.error_every = Some(number()?),
                "--slow" => options.slow = millis()?,
                "--exit-after" => options.exit_after = Some(millis()?),
                "--ignore-term" => options.ignore_term = number()? != 0,
                _ => bail!("unknown flag {flag}"),
            }
        }
        Ok(options)
    }
}

struct Server {
    options: Options,
    started: Instant,
    requests: AtomicU64,
}

type Answer = BoxBody<Bytes, Infallible>;

impl Server {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> anyhow::Result<Response<Answer>> {
        if request.uri().path() == "/healthz" {
            let up = self.started.elapsed();
            let is_ready = up >= self.options.ready_after && self.options.unready_after.is_none_or(|after| up < after);
            return self.respond(if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Bytes::new());
        }
        let count = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        sleep(self.options.slow).await;
        if self.options.error_every.is_some_and(|every| every > 0 && count.is_multiple_of(every)) {
            return self.respond(StatusCode::INTERNAL_SERVER_ERROR, "told to fail\n".into());
        }
        if request.method() == Method::POST {
            return self.respond(StatusCode::OK, request.into_body().collect().await?.to_bytes());
        }
        let millis = request.uri().query().and_then(|query| query.strip_prefix("ms=")?.parse().ok()).unwrap_or(1000);
        if request.uri().path() == "/slow" {
            sleep(Duration::from_millis(millis)).await;
        }
        if request.uri().path() == "/stream" {
            let chunks = Chunks { end: Instant::now() + Duration::from_millis(millis), pause: Box::pin(sleep(CHUNK)) };
            return self.head(StatusCode::OK, SyncBody(Mutex::new(chunks)).boxed());
        }
        self.respond(StatusCode::OK, self.options.version.clone().into())
    }

    fn respond(&self, status: StatusCode, body: Bytes) -> anyhow::Result<Response<Answer>> {
        self.head(status, Full::new(body).boxed())
    }

    fn head(&self, status: StatusCode, body: Answer) -> anyhow::Result<Response<Answer>> {
        Ok(Response::builder().status(status).header("x-version", &self.options.version).body(body)?)
    }
}

const CHUNK: Duration = Duration::from_millis(10);

/// A body that sends a line, pauses, and ends when its time is up.
struct Chunks {
    end: Instant,
    pause: Pin<Box<Sleep>>,
}

struct SyncBody(Mutex<Chunks>);

impl Body for SyncBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if Instant::now() >= chunks.end {
            return Poll::Ready(None);
        }
        std::task::ready!(chunks.pause.as_mut().poll(cx));
        chunks.pause = Box::pin(sleep(CHUNK));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"chunk\n")))))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse(env::args().skip(1).collect())?;
    if options.ignore_term {
        // The handler stays installed for the life of the process, also when the stream is dropped.
        drop(signal(SignalKind::terminate())?);
    }
    if let Some(after) = options.exit_after {
        tokio::spawn(async move {
            sleep(after).await;
            exit();
        });
    }
    sleep(options.listen_after).await;
    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").context("PORT is not set")?;
    let listener = TcpListener::bind(format!("{host}:{port}")).await?;
    let server = Arc::new(Server { options, started: Instant::now(), requests: AtomicU64::new(0) });
    loop {
        let (stream, _) = listener.accept().await?;
        let server = server.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| server.clone().answer(request));
            // A client that goes away is no concern of this server.
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[expect(clippy::exit, reason = "a crash is what the flag asks for")]
fn exit() {
    std::process::exit(3)
}
