//! Upstreams, clients and a proxy between them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use ::http::{Request, Response};
use agent::proxy::{Counts, Protocol, Proxy, Replica, Revision, Routes, Settings};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

pub(super) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// The longest that anything is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// Polls until `reached`.
pub(super) async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !reached() {
        assert!(Instant::now() < end, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(super) fn answer(status: u16, text: impl Into<Bytes>) -> Answer {
    Response::builder().status(status).body(full(text)).unwrap()
}

pub(super) fn full(text: impl Into<Bytes>) -> BoxBody<Bytes, hyper::Error> {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

/// A server that ends with its handle.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    pub(super) connections: Arc<AtomicUsize>,
    pub(super) requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    /// Serves HTTP/1.1 and HTTP/2 by `handler`.
    pub(super) async fn start<F, R>(handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let mut upstream = Self::raw(move |stream| {
            let (handler, count) = (handler.clone(), Arc::clone(&count));
            async move {
                let service = service_fn(move |request| {
                    count.fetch_add(1, SeqCst);
                    let answer = handler(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let server = Builder::new(TokioExecutor::new());
                drop(server.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
            }
        })
        .await;
        upstream.requests = requests;
        upstream
    }

    /// Answers everything with `name`.
    pub(super) async fn named(name: &'static str) -> Self {
        Self::start(move |_| async move { answer(200, name) }).await
    }

    /// Serves each connection by `handler`.
    pub(super) async fn raw<F, R>(handler: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, SeqCst);
                open.spawn(handler(stream));
            }
        });
        Self { address, connections, requests: Arc::default(), task }
    }

    /// Answers the n-th request of every connection with the n-th of `answers`, then closes the connection. Requests are
    /// taken to be complete when their head is.
    pub(super) async fn scripted(answers: &'static [&'static [u8]]) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let mut upstream = Self::raw(move |mut stream| {
            let count = Arc::clone(&count);
            async move {
                for answer in answers {
                    if read_head(&mut stream).await.is_none() {
                        return;
                    }
                    count.fetch_add(1, SeqCst);
                    stream.write_all(answer).await.unwrap();
                }
                // Takes the next request without a word.
                if read_head(&mut stream).await.is_some() {
                    count.fetch_add(1, SeqCst);
                }
            }
        })
        .await;
        upstream.requests = requests;
        upstream
    }

    pub(super) fn seen(&self) -> usize {
        self.requests.load(SeqCst)
    }

    pub(super) fn connected(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

/// Reads up to the end of a head.
pub(super) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.ok()?;
        head.push(byte);
    }
    Some(String::from_utf8(head).unwrap())
}

/// An address where nothing listens.
pub(super) fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(super) fn settings() -> Settings {
    Settings { workers: 2, ..Settings::default() }
}

pub(super) struct Rig {
    pub(super) proxy: Proxy,
    pub(super) address: SocketAddr,
}

impl Rig {
    pub(super) fn new(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self { proxy: Proxy::start(listener, settings).unwrap(), address }
    }

    /// An open proxy with these routes.
    pub(super) fn open(routes: Routes) -> Self {
        Self::with(settings(), routes)
    }

    pub(super) fn with(settings: Settings, routes: Routes) -> Self {
        let rig = Self::new(settings);
        rig.proxy.set_routes(routes).unwrap();
        rig.proxy.open();
        rig
    }

    pub(super) async fn http1(&self) -> http1::SendRequest<BoxBody<Bytes, hyper::Error>> {
        Connector(self.address).http1().await
    }

    pub(super) async fn http2(&self) -> http2::SendRequest<BoxBody<Bytes, hyper::Error>> {
        Connector(self.address).http2().await
    }

    /// One GET on a connection of its own.
    pub(super) async fn get(&self) -> (u16, String) {
        let response = self.http1().await.send_request(get("/")).await.unwrap();
        read(response).await
    }

    /// Sends raw bytes and reads until the proxy closes.
    pub(super) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut text = Vec::new();
        // A reset after the answer is as good as an end.
        drop(patiently("the end", stream.read_to_end(&mut text)).await);
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(super) fn counts(&self, revision: &str) -> Counts {
        self.proxy.counts().remove(&revision.into()).unwrap()
    }

    /// Waits until `n` requests of a revision are counted and none is open.
    pub(super) async fn counted(&self, revision: &str, n: u64) -> Counts {
        until(&format!("{n} requests of {revision}"), || {
            let counts = self.counts(revision);
            counts.requests >= n && counts.in_flight == 0
        })
        .await;
        let counts = self.counts(revision);
        assert_eq!(counts.requests, n, "{:?} {:?}", counts.statuses, counts.errors);
        counts
    }
}

/// Makes clients of an address.
#[derive(Clone, Copy)]
pub(super) struct Connector(pub(super) SocketAddr);

impl Connector {
    pub(super) async fn http1(&self) -> http1::SendRequest<BoxBody<Bytes, hyper::Error>> {
        let stream = TcpStream::connect(self.0).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender
    }

    pub(super) async fn http2(&self) -> http2::SendRequest<BoxBody<Bytes, hyper::Error>> {
        let stream = TcpStream::connect(self.0).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }
}

pub(super) fn get(path: &str) -> Request<BoxBody<Bytes, hyper::Error>> {
    request("GET", path, "")
}

pub(super) fn request(method: &str, path: &str, body: &'static str) -> Request<BoxBody<Bytes, hyper::Error>> {
    let request = Request::builder().method(method).uri(format!("http://service.test{path}"));
    request.header("host", "service.test").body(full(body)).unwrap()
}

pub(super) async fn read<B: Body<Error: std::fmt::Debug>>(response: Response<B>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = patiently("a body", response.into_body().collect()).await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Revisions of one replica each, named after their revision.
pub(super) fn routes(revisions: &[(&str, u32, SocketAddr)]) -> Routes {
    let sides: Vec<_> = revisions.iter().map(|(name, weight, address)| (*name, *weight, vec![*address])).collect();
    sides_of(&sides)
}

/// Revisions with replicas named `REVISION-0` and on.
pub(super) fn sides_of(revisions: &[(&str, u32, Vec<SocketAddr>)]) -> Routes {
    let replicas = |name: &str, addresses: &[SocketAddr]| {
        let replica = |(n, address): (usize, &SocketAddr)| Replica {
            id: format!("{name}-{n}").into(),
            address: *address,
            ready: true,
        };
        addresses.iter().enumerate().map(replica).collect()
    };
    let revision = |(name, weight, addresses): &(&str, u32, Vec<SocketAddr>)| Revision {
        id: (*name).into(),
        weight: *weight,
        protocol: Protocol::Http1,
        replicas: replicas(name, addresses),
    };
    Routes { revisions: revisions.iter().map(revision).collect() }
}

pub(super) fn h2c(mut routes: Routes) -> Routes {
    routes.revisions.iter_mut().for_each(|revision| revision.protocol = Protocol::H2c);
    routes
}

/// The value of each header, several joined.
pub(super) fn headers(request: &Request<Incoming>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    for (name, value) in request.headers() {
        let value = value.to_str().unwrap();
        let all = found.entry(name.to_string()).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(value);
    }
    found
}

/// A body that is sent frame by frame by the other half.
pub(super) fn channel() -> (tokio::sync::mpsc::Sender<Frame<Bytes>>, BoxBody<Bytes, hyper::Error>) {
    let (sender, frames) = tokio::sync::mpsc::channel(1);
    (sender, Frames(frames).boxed())
}

struct Frames(tokio::sync::mpsc::Receiver<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}
