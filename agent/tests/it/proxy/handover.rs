//! The door: when it opens, and that a successor or another port takes over without a lost request.

use std::net::TcpListener;
use std::time::Duration;

use agent::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::draining::Load;
use super::rig::*;
use super::streaming::{upgrade, upgrading};

async fn echo() -> Upstream {
    Upstream::start(|request| async move {
        answer(200, http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes())
    })
    .await
}

#[tokio::test]
async fn nothing_is_accepted_until_the_door_is_opened() {
    let upstream = Upstream::named("a").await;
    let rig = Rig::new(settings());
    rig.proxy.set_routes(routes(&[("v1", 10_000, upstream.address)])).unwrap();
    let mut early = TcpStream::connect(rig.address).await.unwrap();
    early.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    let waited = tokio::time::timeout(Duration::from_millis(100), early.read_to_end(&mut text)).await;
    assert!(waited.is_err() && upstream.seen() == 0);
    rig.proxy.open();
    patiently("the answer", early.read_to_end(&mut text)).await.unwrap();
    assert!(text.starts_with(b"HTTP/1.1 200 OK"));
    // Paused again, open connections are served on.
    let mut open = rig.http1().await;
    assert_eq!(read(open.send_request(get("/")).await.unwrap()).await.0, 200);
    rig.proxy.pause();
    open.ready().await.unwrap();
    assert_eq!(read(open.send_request(get("/")).await.unwrap()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_takes_the_socket_over_and_no_request_is_lost() {
    let upstream = echo().await;
    let mut rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let load = Load::start(&rig);
    for _ in 0..3 {
        load.more(100).await;
        let successor = Proxy::start(rig.proxy.listener().unwrap(), settings()).unwrap();
        successor.set_routes(routes(&[("v1", 10_000, upstream.address)])).unwrap();
        successor.open();
        let old = std::mem::replace(&mut rig.proxy, successor);
        patiently("the old proxy", old.shutdown(Duration::from_secs(10))).await;
        assert_eq!(old.counts().remove(&"v1".into()).unwrap().error_total(), 0);
        assert!(old.listener().is_err());
    }
    load.more(100).await;
    assert_eq!(load.stop().await, upstream.seen());
    assert_eq!(rig.counts("v1").error_total(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_port_takes_over_and_the_queue_of_the_old_one_is_served() {
    let upstream = echo().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let load = Load::start(&rig);
    load.more(100).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let new = Rig { address: listener.local_addr().unwrap(), proxy: rig.proxy.clone() };
    rig.proxy.replace_listener(listener).unwrap();
    assert_eq!(new.get().await.0, 200);
    until("the old port to close", || std::net::TcpStream::connect(rig.address).is_err()).await;
    load.more(100).await;
    // One more was asked by hand.
    assert_eq!(load.stop().await + 1, upstream.seen());
    assert_eq!(rig.counts("v1").error_total(), 0);
}

#[tokio::test]
async fn a_shutdown_cuts_what_stays_past_its_grace() {
    let upstream = upgrading().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut socket = upgrade(&rig).await;
    let mut idle = TcpStream::connect(rig.address).await.unwrap();
    until("the upgrade", || rig.counts("v1").in_flight == 1).await;
    patiently("the shutdown", rig.proxy.shutdown(Duration::from_millis(100))).await;
    assert_eq!(patiently("the end", socket.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(patiently("the end", idle.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(rig.counts("v1").cut, 1);
    assert!(TcpStream::connect(rig.address).await.is_err());
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let upstream = Upstream::named("a").await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut client = rig.http1().await;
    read(client.send_request(get("/")).await.unwrap()).await;
    let address = rig.address;
    drop(rig);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(client.ready().await.is_err() || client.send_request(get("/")).await.is_err());
}
