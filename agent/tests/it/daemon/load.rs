//! Users: an open loop of requests, each on a connection of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use super::rig::DEADLINE;

/// What a user got.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) body: String,
}

/// One request on a connection of its own.
pub(super) async fn ask(address: SocketAddr, method: &str, path: &str) -> Result<Got, String> {
    let whole = async {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("connect: {error}"))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| format!("handshake: {error}"))?;
        tokio::spawn(connection);
        let body = if method == "POST" { Bytes::from_static(b"echo") } else { Bytes::new() };
        let request = Request::builder().method(method).uri(path).header("host", "service.test");
        let request = request.body(Full::new(body)).unwrap();
        let response = sender.send_request(request).await.map_err(|error| format!("send: {error:?}"))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| format!("body: {error:?}"))?.to_bytes();
        Ok(Got { status, body: String::from_utf8_lossy(&body).into_owned() })
    };
    tokio::time::timeout(DEADLINE, whole).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

pub(super) async fn get(address: SocketAddr) -> String {
    ask(address, "GET", "/").await.unwrap().body
}

/// Waits until somebody serves.
pub(super) async fn opens(address: SocketAddr) {
    let deadline = Instant::now() + DEADLINE;
    while let Err(error) = ask(address, "GET", "/").await {
        assert!(Instant::now() < deadline, "nobody serves: {error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What all users got.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    /// Good answers to `GET /`, by version.
    pub(super) versions: BTreeMap<String, u64>,
    /// Answers that the service itself failed, as it was told to.
    pub(super) told: u64,
    /// What got no good answer, and the moment from the beginning on.
    pub(super) failed: Vec<(Duration, String)>,
}

pub(super) struct Load {
    stop: Arc<AtomicBool>,
    port: Arc<AtomicU16>,
    tally: Arc<Mutex<Tally>>,
    task: JoinHandle<()>,
}

impl Load {
    /// Sends so many requests a second: of every 20 four are POST, one is slow and one is a stream.
    pub(super) fn start(port: u16, rate: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let port = Arc::new(AtomicU16::new(port));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let task = tokio::spawn(run(Arc::clone(&port), rate, Arc::clone(&stop), Arc::clone(&tally)));
        Self { stop, port, tally, task }
    }

    /// From now on another port.
    pub(super) fn turn_to(&self, port: u16) {
        self.port.store(port, Ordering::Relaxed);
    }

    /// How many were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.tally.lock().unwrap().sent
    }

    /// Ends when every request has its answer.
    pub(super) async fn finish(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        std::mem::take(&mut *self.tally.lock().unwrap())
    }
}

async fn run(port: Arc<AtomicU16>, rate: u32, stop: Arc<AtomicBool>, tally: Arc<Mutex<Tally>>) {
    let began = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut open = JoinSet::new();
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        ticks.tick().await;
        while open.try_join_next().is_some() {}
        let address = SocketAddr::from(([127, 0, 0, 1], port.load(Ordering::Relaxed)));
        let tally = Arc::clone(&tally);
        tally.lock().unwrap().sent += 1;
        open.spawn(async move {
            let (method, path) = match number % 20 {
                3 | 8 | 13 | 18 => ("POST", "/"),
                5 => ("GET", "/slow?ms=300"),
                15 => ("GET", "/stream?ms=1000"),
                _ => ("GET", "/"),
            };
            let at = began.elapsed();
            let got = ask(address, method, path).await;
            let mut tally = tally.lock().unwrap();
            let fail = |what: String| (at, format!("{method} {path}: {what}"));
            match got {
                Ok(got) if got.body == "told to fail\n" => tally.told += 1,
                Ok(got) if got.status != StatusCode::OK => {
                    let what = format!("{} {}", got.status, got.body);
                    tally.failed.push(fail(what));
                }
                Ok(got) if method == "POST" && got.body != "echo" => tally.failed.push(fail(got.body)),
                Ok(got) if path == "/" && method == "GET" => *tally.versions.entry(got.body).or_default() += 1,
                Ok(_) => {}
                Err(error) => tally.failed.push(fail(error)),
            }
        });
    }
    open.join_all().await;
}
