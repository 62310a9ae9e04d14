//! Bodies, trailers and upgraded connections: both ways at once, nothing kept.

use ::http::{HeaderMap, HeaderValue, Request, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::*;

/// Sends every frame back as it comes, trailers included.
async fn echo() -> Upstream {
    Upstream::start(|request: Request<Incoming>| async move {
        Response::builder().header("trailer", "x-sum").body(request.into_body().boxed()).unwrap()
    })
    .await
}

fn trailers() -> Frame<Bytes> {
    Frame::trailers(HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]))
}

#[tokio::test]
async fn each_chunk_comes_back_before_the_next_is_sent_and_trailers_come_last() {
    let upstream = echo().await;
    let plain = || routes(&[("v1", 10_000, upstream.address)]);
    for (routes, over_http2) in [(plain(), false), (plain(), true), (h2c(plain()), false), (h2c(plain()), true)] {
        let rig = Rig::open(routes);
        let (sender, body) = channel();
        let request = Request::builder().method("POST").uri("http://service.test/");
        let request = request.header("host", "service.test").header("te", "trailers").header("trailer", "x-sum");
        let request = request.body(body).unwrap();
        let sending = async {
            if over_http2 {
                rig.http2().await.send_request(request).await
            } else {
                rig.http1().await.send_request(request).await
            }
        };
        sender.send(Frame::data("first".into())).await.unwrap();
        let response = patiently("a head while the request is open", sending).await.unwrap();
        let mut body = response.into_body();
        for text in ["first", "second", "third"] {
            if text != "first" {
                sender.send(Frame::data(text.into())).await.unwrap();
            }
            let frame = patiently("the echo", body.frame()).await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), text, "HTTP/2 {over_http2}");
        }
        sender.send(trailers()).await.unwrap();
        drop(sender);
        let last = patiently("the trailers", body.frame()).await.unwrap().unwrap();
        assert_eq!(last.into_trailers().unwrap()["x-sum"], "7", "HTTP/2 {over_http2}");
        assert!(body.frame().await.is_none());
        rig.counted("v1", 1).await;
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_read_stops_the_sender() {
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&sent);
    let upstream = Upstream::start(move |_| {
        let count = std::sync::Arc::clone(&count);
        async move {
            let (sender, body) = channel();
            tokio::spawn(async move {
                while sender.send(Frame::data(vec![0; 64 * 1024].into())).await.is_ok() {
                    count.fetch_add(64 * 1024, std::sync::atomic::Ordering::SeqCst);
                }
            });
            Response::new(body)
        }
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // Until it stands still: the sockets' buffers are full, and the proxy holds a few frames at most.
    let (mut before, mut still) = (0, 0);
    until("the sender to stop", || {
        let now = sent.load(std::sync::atomic::Ordering::SeqCst);
        still = if now == before && now > 0 { still + 1 } else { 0 };
        before = now;
        still > 100
    })
    .await;
    assert!(before < 64 << 20, "{before} bytes are under way");
    drop(stream);
    until("the end of the request", || rig.counts("v1").in_flight == 0).await;
    let counts = rig.counts("v1");
    assert_eq!((counts.requests, counts.aborts), (0, 1));
}

/// Agrees to `Upgrade: websocket` and sends back what comes.
pub(super) async fn upgrading() -> Upstream {
    Upstream::start(|mut request: Request<Incoming>| async move {
        let upgrade = request.headers().get("upgrade").cloned();
        if upgrade != Some(HeaderValue::from_static("websocket")) || request.headers()["connection"] != "upgrade" {
            return answer(400, "no upgrade");
        }
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgraded.await.unwrap());
            let mut buffer = [0; 64];
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                stream.write_all(&buffer[..n]).await.unwrap();
            }
        });
        let response = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "websocket");
        response.header("sec-websocket-accept", "abc").body(full("")).unwrap()
    })
    .await
}

/// Opens an upgraded connection through the proxy.
pub(super) async fn upgrade(rig: &Rig) -> TokioIo<hyper::upgrade::Upgraded> {
    let mut request = get("/");
    for (name, value) in [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "x")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let response = rig.http1().await.send_request(request).await.unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(
        (&response.headers()["upgrade"], &response.headers()["sec-websocket-accept"]),
        (&HeaderValue::from_static("websocket"), &HeaderValue::from_static("abc"))
    );
    TokioIo::new(hyper::upgrade::on(response).await.unwrap())
}

#[tokio::test]
async fn an_upgraded_connection_is_passed_on_and_counted_once() {
    let upstream = upgrading().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut socket = upgrade(&rig).await;
    for _ in 0..3 {
        socket.write_all(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        patiently("the echo", socket.read_exact(&mut buffer)).await.unwrap();
        assert_eq!(&buffer, b"ping");
    }
    let counts = rig.counts("v1");
    assert_eq!((counts.requests, counts.in_flight, counts.statuses[&101]), (1, 1, 1));
    assert_eq!(rig.proxy.in_flight(&"v1-0".into()), 1);
    socket.shutdown().await.unwrap();
    drop(socket);
    let counts = rig.counted("v1", 1).await;
    assert_eq!((counts.error_total(), counts.cut, counts.aborts), (0, 0, 0));
}

#[tokio::test]
async fn an_upgrade_unasked_is_an_error() {
    let upstream = Upstream::scripted(&[b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"]).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    assert_eq!(rig.get().await.0, 502);
    assert_eq!(rig.counted("v1", 1).await.error_total(), 1);
}

/// A gRPC upstream whose status is named by the path; `/head/N` puts it into the head.
async fn grpc() -> Upstream {
    Upstream::start(|request: Request<Incoming>| async move {
        let path = request.uri().path().to_owned();
        let status = path.rsplit('/').next().unwrap();
        let response = Response::builder().header("content-type", "application/grpc+proto");
        if path.starts_with("/head") {
            return response.header("grpc-status", status).body(full("")).unwrap();
        }
        let mut frames = vec![Frame::data(Bytes::from("message"))];
        if let Ok(status) = status.parse::<u16>() {
            frames.push(Frame::trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.into())])));
        }
        let (sender, body) = channel();
        tokio::spawn(async move {
            for frame in frames {
                sender.send(frame).await.unwrap();
            }
        });
        response.body(body).unwrap()
    })
    .await
}

#[tokio::test]
async fn server_side_grpc_statuses_are_errors() {
    let upstream = grpc().await;
    let rig = Rig::open(h2c(routes(&[("v1", 10_000, upstream.address)])));
    let mut client = rig.http2().await;
    let (mut sent, mut errors) = (0, 0);
    for place in ["trailers", "head"] {
        for status in 0..=16 {
            let mut request = request("POST", &format!("/{place}/{status}"), "call");
            request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
            let response = client.send_request(request).await.unwrap();
            let collected = patiently("a reply", response.into_body().collect()).await.unwrap();
            if place == "trailers" {
                assert_eq!(collected.trailers().unwrap()["grpc-status"], status.to_string());
            }
            sent += 1;
            errors += u64::from([2, 4, 13, 14, 15].contains(&status));
            let counts = rig.counted("v1", sent).await;
            assert_eq!(counts.error_total(), errors, "after {status} in the {place}");
        }
    }
    // Without a status the call has failed too.
    read(client.send_request(get("/trailers/none")).await.unwrap()).await;
    let counts = rig.counted("v1", sent + 1).await;
    assert_eq!(counts.errors[&agent::proxy::ErrorClass::Grpc], errors + 1);
}
