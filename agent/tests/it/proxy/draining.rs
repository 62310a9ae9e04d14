//! Replicas are taken out, drained and killed under load, and no request is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use agent::proxy::Drained;
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::rig::*;
use super::streaming::{upgrade, upgrading};

/// Takes a moment for each request and answers with its body.
async fn working() -> Upstream {
    Upstream::start(|request| async move {
        let body = http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes();
        tokio::time::sleep(Duration::from_millis(1)).await;
        answer(200, body)
    })
    .await
}

/// Clients that send request after request until told to stop.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    pub(super) done: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Load {
    /// Eight clients: of each protocol one that gets and three that post, and each panics at the first request that is not
    /// answered with its own body.
    pub(super) fn start(rig: &Rig) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for n in 0..8 {
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            let address = rig.address;
            let ask = move || if n % 4 == 0 { (get("/"), "") } else { (request("POST", "/", "an order"), "an order") };
            clients.spawn(async move {
                let rig = Connector(address);
                let mut http2 = if n < 4 { Some(rig.http2().await) } else { None };
                let mut http1 = rig.http1().await;
                while !stop.load(SeqCst) {
                    let (request, expected) = ask();
                    let response = if let Some(http2) = &mut http2 {
                        if http2.ready().await.is_err() {
                            *http2 = rig.http2().await;
                        }
                        http2.send_request(request).await
                    } else {
                        if http1.ready().await.is_err() {
                            http1 = rig.http1().await;
                        }
                        http1.send_request(request).await
                    };
                    // The end of the connection came before the request was sent, or says that the server never saw it:
                    // any client of HTTP/2 sends it again (RFC 9113, 8.7). The tests hold the replica's count against that.
                    let unseen = |error: &hyper::Error| {
                        error.is_canceled() || format!("{error:?}").contains("GoAway(b\"\", NO_ERROR")
                    };
                    if http2.is_some() && response.as_ref().is_err_and(unseen) {
                        continue;
                    }
                    let response = response.unwrap_or_else(|error| panic!("client {n} lost a request: {error:?}"));
                    assert_eq!(read(response).await, (200, expected.to_owned()), "client {n}");
                    done.fetch_add(1, SeqCst);
                }
            });
        }
        Self { stop, done, clients }
    }

    pub(super) async fn more(&self, n: usize) {
        let goal = self.done.load(SeqCst) + n;
        until("requests", || self.done.load(SeqCst) >= goal).await;
    }

    /// Stops and returns how many requests were answered.
    pub(super) async fn stop(self) -> usize {
        self.stop.store(true, SeqCst);
        patiently("the clients", self.clients.join_all()).await;
        self.done.load(SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_when_replicas_are_replaced_under_load() {
    for protocol in [|routes| routes, h2c] {
        let mut old = working().await;
        let start = |address, n: usize| {
            let mut routes = routes(&[("v1", 10_000, address)]);
            routes.revisions[0].replicas[0].id = format!("replica-{n}").into();
            protocol(routes)
        };
        let rig = Rig::open(start(old.address, 0));
        let load = Load::start(&rig);
        for n in 1..=10 {
            load.more(60).await;
            let new = working().await;
            rig.proxy.set_routes(start(new.address, n)).unwrap();
            let id = format!("replica-{}", n - 1).as_str().into();
            let drained = patiently("the drain", rig.proxy.drain(&id, PATIENCE)).await;
            assert_eq!((drained, rig.proxy.in_flight(&id)), (Drained { cut: 0 }, 0));
            // Killed at once: whatever was still open there would be lost.
            drop(std::mem::replace(&mut old, new));
        }
        let answered = load.stop().await as u64;
        let counts = rig.counted("v1", answered).await;
        assert_eq!((counts.error_total(), counts.retries, counts.cut), (0, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_when_weights_shift_under_load() {
    let (v1, v2) = (working().await, working().await);
    let rig = Rig::open(routes(&[("v1", 10_000, v1.address), ("v2", 0, v2.address)]));
    let load = Load::start(&rig);
    for weight in [500, 2_500, 5_000, 10_000, 0, 10_000] {
        rig.proxy.set_routes(routes(&[("v1", 10_000 - weight, v1.address), ("v2", weight, v2.address)])).unwrap();
        load.more(50).await;
    }
    let drained = patiently("the drain", rig.proxy.drain(&"v1-0".into(), PATIENCE)).await;
    drop(v1);
    load.more(100).await;
    let answered = load.stop().await as u64;
    until("the counts", || rig.counts("v1").requests + rig.counts("v2").requests == answered).await;
    assert_eq!((drained.cut, rig.counts("v1").error_total(), rig.counts("v2").error_total()), (0, 0, 0));
}

/// The application closes connections that were idle for a second, here at the worst of moments: when the next request
/// has just arrived on one.
#[tokio::test]
async fn no_post_is_lost_to_an_application_that_closes_idle_connections() {
    let upstream = Upstream::raw(|mut stream| async move {
        let mut idle_since = std::time::Instant::now();
        while read_head(&mut stream).await.is_some() && idle_since.elapsed() < Duration::from_secs(1) {
            let mut body = [0; 5];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            idle_since = std::time::Instant::now();
        }
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut clients = JoinSet::new();
    for client in 0..24_u64 {
        let mut sender = rig.http1().await;
        clients.spawn(async move {
            for n in 0..24 {
                sender.ready().await.unwrap();
                let response = sender.send_request(request("POST", "/", "order")).await.unwrap();
                assert_eq!(read(response).await, (200, "ok".to_owned()));
                let pause = if n % 6 == 5 { 1_000 + client * 5 } else { 1 };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        });
    }
    patiently("the clients", clients.join_all()).await;
    let counts = rig.counted("v1", 24 * 24).await;
    assert_eq!((counts.error_total(), counts.retries), (0, 0));
}

#[tokio::test]
async fn a_drain_waits_for_what_is_open_and_nothing_new_comes() {
    let go = Arc::new(tokio::sync::Notify::new());
    let gone = Arc::clone(&go);
    let upstream = Upstream::start(move |_| {
        let gone = Arc::clone(&gone);
        async move {
            let (sender, body) = channel();
            sender.send(Frame::data("some".into())).await.unwrap();
            tokio::spawn(async move {
                gone.notified().await;
                sender.send(Frame::data("more".into())).await.unwrap();
            });
            hyper::Response::new(body)
        }
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let response = rig.http1().await.send_request(get("/")).await.unwrap();
    let drain = tokio::spawn(rig.proxy.drain(&"v1-0".into(), PATIENCE));
    assert_eq!(rig.get().await.0, 503, "out of the choice at once, though the routes name it");
    assert_eq!(rig.proxy.in_flight(&"v1-0".into()), 1);
    assert!(!drain.is_finished());
    go.notify_one();
    assert_eq!(read(response).await, (200, "somemore".to_owned()));
    assert_eq!(patiently("the drain", drain).await.unwrap(), Drained { cut: 0 });
    assert_eq!(rig.proxy.drain(&"unknown".into(), PATIENCE).await, Drained { cut: 0 });
}

#[tokio::test]
async fn what_is_open_past_the_deadline_is_cut_and_no_error() {
    let endless = Upstream::start(|request| async move {
        if request.uri().path() == "/silent" {
            std::future::pending::<()>().await;
        }
        let (sender, body) = channel();
        sender.send(Frame::data("some".into())).await.unwrap();
        tokio::spawn(async move { sender.closed().await });
        hyper::Response::new(body)
    })
    .await;
    let sockets = upgrading().await;
    let rig = Rig::open(routes(&[("v1", 10_000, endless.address), ("v2", 0, sockets.address)]));
    let mut http2 = rig.http2().await;
    let (mut first, mut second) = (rig.http1().await, rig.http1().await);
    let (body1, body2) = (first.send_request(get("/")).await.unwrap(), http2.send_request(get("/")).await.unwrap());
    let silent = tokio::spawn(second.send_request(get("/silent")));
    until("three requests", || rig.proxy.in_flight(&"v1-0".into()) == 3).await;
    rig.proxy.set_routes(routes(&[("v1", 0, endless.address), ("v2", 10_000, sockets.address)])).unwrap();
    let mut socket = upgrade(&rig).await;
    let soon = Duration::from_millis(50);
    assert_eq!(patiently("the drain", rig.proxy.drain(&"v1-0".into(), soon)).await, Drained { cut: 3 });
    assert_eq!(patiently("the drain", rig.proxy.drain(&"v2-0".into(), soon)).await, Drained { cut: 1 });
    // Each client learns that it has not got all.
    assert!(http_body_util::BodyExt::collect(body1.into_body()).await.is_err());
    assert!(http_body_util::BodyExt::collect(body2.into_body()).await.is_err());
    assert_eq!(patiently("an answer", silent).await.unwrap().unwrap().status(), 502);
    assert_eq!(patiently("the end", socket.read(&mut [0])).await.unwrap(), 0);
    let (v1, v2) = (rig.counts("v1"), rig.counts("v2"));
    assert_eq!((v1.cut, v1.requests, v1.error_total(), v1.in_flight, v1.aborts), (3, 0, 0, 0, 0));
    assert_eq!((v2.cut, v2.requests, v2.error_total(), v2.in_flight, v2.aborts), (1, 1, 0, 0, 0));
}
