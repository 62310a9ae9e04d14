//! What is bounded: heads, waiting, connections.

use std::time::Duration;

use agent::proxy::{ErrorClass, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn head(headers: usize, value: usize) -> Vec<u8> {
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".to_vec();
    for n in 2..headers {
        head.extend(format!("x-{n}: {}\r\n", "v".repeat(value)).bytes());
    }
    head.extend(b"\r\n");
    head
}

#[tokio::test]
async fn heads_are_bounded_in_both_protocols() {
    // Not hyper's server, whose own limit of 100 would count what the proxy adds.
    let upstream = Upstream::scripted(&[OK; 4]).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    for (headers, value, status) in [(100, 1, 200), (101, 1, 431), (60, 1_000, 200), (70, 1_000, 431)] {
        let text = rig.raw(&head(headers, value)).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{headers} of {value}: {text:.80}");
        let mut request = get("/");
        for n in 1..headers {
            request
                .headers_mut()
                .insert(::http::HeaderName::try_from(format!("x-{n}")).unwrap(), "v".repeat(value).parse().unwrap());
        }
        let response = rig.http2().await.send_request(request).await.unwrap();
        assert_eq!(response.status(), status, "{headers} of {value}");
    }
    assert_eq!(upstream.seen(), 4);
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let upstream = Upstream::named("a").await;
    let hasty = Settings { header_timeout: Duration::from_millis(100), ..settings() };
    let rig = Rig::with(hasty, routes(&[("v1", 10_000, upstream.address)]));
    for begun in ["", "PRI", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        rig.raw(begun.as_bytes()).await;
    }
    assert_eq!(upstream.seen(), 0);
}

#[tokio::test]
async fn the_pool_keeps_a_connection_a_second_less_than_the_replica_says() {
    for (header, reused) in [("", true), ("Keep-Alive: timeout=9\r\n", true), ("Keep-Alive: timeout=1\r\n", false)] {
        let answer = format!("HTTP/1.1 200 OK\r\n{header}Content-Length: 2\r\n\r\nok").leak().as_bytes();
        let upstream = Upstream::scripted(vec![answer; 10].leak()).await;
        let rig = Rig::with(Settings { workers: 1, ..settings() }, routes(&[("v1", 10_000, upstream.address)]));
        let mut client = rig.http1().await;
        for n in 1..=6 {
            client.ready().await.unwrap();
            assert_eq!(read(client.send_request(request("POST", "/", "")).await.unwrap()).await.0, 200);
            rig.counted("v1", n).await;
        }
        // A limit that differs from the pool's makes a new pool once.
        let expected = if reused { 1..=2 } else { 6..=6 };
        assert!(expected.contains(&upstream.connected()), "{header:?}: {}", upstream.connected());
    }
}

#[tokio::test]
async fn idle_connections_to_a_replica_are_closed_by_the_proxy() {
    let (sender, mut closed) = tokio::sync::mpsc::channel(1);
    let upstream = Upstream::raw(move |mut stream| {
        let sender = sender.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            sender.send(stream.read(&mut [0]).await.unwrap()).await.unwrap();
        }
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    rig.get().await;
    assert_eq!(patiently("the end", closed.recv()).await, Some(0));
}

#[tokio::test]
async fn a_connection_that_is_not_taken_is_given_up() {
    // A queue of one that is full: the kernel drops what else knocks.
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &"127.0.0.1:0".parse::<std::net::SocketAddrV4>().unwrap()).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let full = std::net::TcpListener::from(socket);
    let address = full.local_addr().unwrap();
    let _in_queue = TcpStream::connect(address).await.unwrap();
    let hasty = Settings { connect_timeout: Duration::from_millis(100), ..settings() };
    let rig = Rig::with(hasty, routes(&[("v1", 10_000, address)]));
    assert_eq!(rig.get().await.0, 502);
    assert_eq!(rig.counted("v1", 1).await.errors[&ErrorClass::Connect], 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let upstream = Upstream::named("a").await;
    let rig = Rig::with(Settings { max_connections: 1, ..settings() }, routes(&[("v1", 10_000, upstream.address)]));
    let mut first = rig.http1().await;
    read(first.send_request(get("/")).await.unwrap()).await;
    let mut second = TcpStream::connect(rig.address).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    // The first goes on while the second waits.
    for _ in 0..20 {
        first.ready().await.unwrap();
        read(first.send_request(get("/")).await.unwrap()).await;
    }
    assert_eq!(upstream.seen(), 21);
    drop(first);
    let mut text = String::new();
    patiently("its turn", second.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
}
