//! What counts as a request and as an error, and what is sent again.

use std::time::Duration;

use agent::proxy::ErrorClass::{Connect, Malformed, Reset, Status, Timeout};
use agent::proxy::{ErrorClass, Settings, metrics};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Sends two requests on one connection to an upstream that answers the first and closes after reading the second.
async fn second(method: &str, body: &'static str) -> (u16, usize, agent::proxy::Counts) {
    let upstream = Upstream::scripted(&[OK]).await;
    let rig = Rig::with(Settings { workers: 1, ..settings() }, routes(&[("v1", 10_000, upstream.address)]));
    let mut client = rig.http1().await;
    assert_eq!(read(client.send_request(get("/")).await.unwrap()).await.0, 200);
    rig.counted("v1", 1).await;
    client.ready().await.unwrap();
    let status = read(client.send_request(request(method, "/", body)).await.unwrap()).await.0;
    until("the end", || rig.counts("v1").in_flight == 0).await;
    (status, upstream.seen(), rig.counts("v1"))
}

#[tokio::test]
async fn a_get_on_a_worn_connection_is_sent_once_more() {
    for method in ["GET", "HEAD"] {
        let (status, seen, counts) = second(method, "").await;
        assert_eq!((status, seen), (200, 3), "{method}");
        assert_eq!((counts.requests, counts.retries, counts.errors[&Reset]), (3, 1, 1), "{method}");
    }
}

#[tokio::test]
async fn a_post_is_never_sent_again() {
    for (method, body) in [("POST", ""), ("POST", "order"), ("GET", "odd"), ("DELETE", ""), ("PUT", "")] {
        let (status, seen, counts) = second(method, body).await;
        assert_eq!((status, seen), (502, 2), "{method} {body}");
        assert_eq!((counts.requests, counts.retries, counts.errors[&Reset]), (2, 0, 1), "{method} {body}");
    }
}

#[tokio::test]
async fn a_get_is_sent_again_once_only_and_not_on_a_fresh_connection() {
    let upstream = Upstream::scripted(&[]).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    assert_eq!(rig.get().await.0, 502);
    let counts = rig.counted("v1", 1).await;
    assert_eq!((upstream.seen(), counts.retries, counts.errors[&Reset]), (1, 0, 1));
}

#[tokio::test]
async fn a_get_is_not_sent_again_once_a_byte_has_come() {
    let upstream = Upstream::scripted(&[OK, b"HTTP/1.1 2"]).await;
    let rig = Rig::with(Settings { workers: 1, ..settings() }, routes(&[("v1", 10_000, upstream.address)]));
    let mut client = rig.http1().await;
    read(client.send_request(get("/")).await.unwrap()).await;
    client.ready().await.unwrap();
    // The script waits for another head before it closes, so the client's end closes it.
    let pending = client.send_request(get("/"));
    until("the half answer", || upstream.seen() == 2).await;
    drop(upstream);
    assert_eq!(read(pending.await.unwrap()).await.0, 502);
    assert_eq!(rig.counts("v1").retries, 0);
}

#[tokio::test]
async fn what_was_never_sent_goes_to_another_replica_and_then_to_another_revision() {
    let good = Upstream::start(|request| async move {
        let body = http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes();
        answer(200, body)
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 0, good.address), ("v2", 10_000, nowhere())]));
    assert_eq!(rig.get().await.0, 502, "a revision without weight is no way out");
    assert_eq!(rig.counts("v2").errors[&Connect], 1);
    rig.proxy.set_routes(routes(&[("v2", 9_999, nowhere()), ("v1", 1, good.address)])).unwrap();
    let mut client = rig.http1().await;
    for _ in 0..10 {
        client.ready().await.unwrap();
        let response = client.send_request(request("POST", "/", "a whole order")).await.unwrap();
        assert_eq!(read(response).await, (200, "a whole order".to_owned()));
    }
    let (v1, v2) = (rig.counted("v1", 10).await, rig.counted("v2", 11).await);
    assert_eq!((v1.error_total(), v1.retries, v2.errors[&Connect]), (0, 10, 11));
}

#[tokio::test]
async fn every_way_to_fail_has_its_class() {
    let cases: [(&'static [&'static [u8]], u16, ErrorClass); 4] = [
        (&[b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"], 503, Status),
        (&[b"SSH-2.0-OpenSSH\r\n\r\n"], 502, Malformed),
        (&[b"HTTP/1.1 999999 X\r\n\r\n"], 502, Malformed),
        (&[], 502, Reset),
    ];
    for (script, status, class) in cases {
        let upstream = Upstream::scripted(script).await;
        let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
        assert_eq!(rig.get().await.0, status, "{class:?}");
        let counts = rig.counted("v1", 1).await;
        assert_eq!(counts.errors.into_iter().collect::<Vec<_>>(), [(class, 1)]);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_one_error_and_reaches_the_client_as_broken() {
    let upstream = Upstream::raw(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let response = rig.http1().await.send_request(get("/")).await.unwrap();
    assert!(http_body_util::BodyExt::collect(response.into_body()).await.is_err());
    let counts = rig.counted("v1", 1).await;
    assert_eq!((counts.errors[&Reset], counts.statuses[&200]), (1, 1));
}

#[tokio::test]
async fn client_errors_are_no_errors_but_are_counted_by_status() {
    let upstream = Upstream::start(|_| async { answer(404, "") }).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    rig.get().await;
    let counts = rig.counted("v1", 1).await;
    assert_eq!((counts.error_total(), counts.statuses[&404], counts.status_class(4)), (0, 1, 1));
}

#[tokio::test]
async fn what_a_client_gives_up_is_in_neither_count() {
    let upstream = Upstream::start(|request| async move {
        if request.uri().path() == "/silent" {
            std::future::pending::<()>().await;
        }
        let (sender, body) = channel();
        sender.send(Frame::data("some".into())).await.unwrap();
        tokio::spawn(async move { sender.closed().await });
        hyper::Response::new(body)
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let given_up = |n| {
        let rig = &rig;
        async move {
            until("the abort", || (rig.counts("v1").aborts, rig.counts("v1").in_flight) == (n, 0)).await;
            assert_eq!((rig.counts("v1").requests, rig.counts("v1").error_total()), (0, 0));
        }
    };
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    stream.write_all(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until("the request", || upstream.seen() == 1).await;
    drop(stream);
    given_up(1).await;
    // In the body of the response, on both protocols.
    let response = rig.http1().await.send_request(get("/")).await.unwrap();
    drop(response);
    given_up(2).await;
    let mut http2 = rig.http2().await;
    let response = http2.send_request(get("/")).await.unwrap();
    drop(response);
    given_up(3).await;
    // In the body of the request.
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    stream.write_all(b"POST /silent HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
    until("the request", || upstream.seen() == 4).await;
    drop(stream);
    given_up(4).await;
}

#[tokio::test]
async fn a_replica_that_does_not_answer_in_time_is_an_error_but_a_slow_upload_is_none() {
    let upstream = Upstream::start(|request| async move {
        if request.uri().path() == "/silent" {
            std::future::pending::<()>().await;
        }
        let body = http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes();
        answer(200, body)
    })
    .await;
    let hasty = Settings { first_byte_timeout: Duration::from_millis(200), ..settings() };
    let rig = Rig::with(hasty, routes(&[("v1", 10_000, upstream.address)]));
    let response = rig.http1().await.send_request(get("/silent")).await.unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(rig.counted("v1", 1).await.errors[&Timeout], 1);
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\n").await.unwrap();
    for byte in [b"a", b"b", b"c"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(byte).await.unwrap();
    }
    let mut text = String::new();
    patiently("the answer", stream.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("abc"), "{text}");
    assert_eq!(rig.counted("v1", 2).await.error_total(), 1);
}

#[tokio::test]
async fn counters_live_as_long_as_the_routes_name_the_revision() {
    let upstream = Upstream::named("a").await;
    let both = routes(&[("v1", 10_000, upstream.address), ("v2", 0, nowhere())]);
    let rig = Rig::open(both.clone());
    rig.get().await;
    rig.counted("v1", 1).await;
    rig.proxy.set_routes(both.clone()).unwrap();
    assert_eq!(rig.counts("v1").requests, 1);
    rig.proxy.set_routes(routes(&[("v2", 10_000, nowhere())])).unwrap();
    assert_eq!(rig.proxy.counts().keys().map(ToString::to_string).collect::<Vec<_>>(), ["v2"]);
    rig.proxy.set_routes(both).unwrap();
    assert_eq!(rig.counts("v1").requests, 0);
}

#[tokio::test]
async fn metrics_are_served_on_loopback_as_text() {
    let upstream = Upstream::start(|_| async { answer(500, "") }).await;
    let rig = Rig::open(routes(&[("v\"1", 10_000, upstream.address)]));
    rig.get().await;
    rig.counted("v\"1", 1).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(metrics::serve(listener, "shop".to_owned(), rig.proxy.clone()));
    let ask = async |path: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        patiently("the metrics", stream.read_to_string(&mut text)).await.unwrap();
        text
    };
    let text = ask("/metrics").await;
    for line in [
        "content-type: text/plain; version=0.0.4; charset=utf-8\r",
        "# TYPE devopsflow_proxy_requests_total counter",
        "devopsflow_proxy_requests_total{service=\"shop\",revision=\"v\\\"1\",code=\"5xx\"} 1",
        "devopsflow_proxy_requests_total{service=\"shop\",revision=\"v\\\"1\",code=\"none\"} 0",
        "devopsflow_proxy_errors_total{service=\"shop\",revision=\"v\\\"1\",class=\"status\"} 1",
        "devopsflow_proxy_in_flight{service=\"shop\",revision=\"v\\\"1\"} 0",
        "devopsflow_proxy_request_duration_seconds_bucket{service=\"shop\",revision=\"v\\\"1\",le=\"+Inf\"} 1",
        "devopsflow_proxy_request_duration_seconds_count{service=\"shop\",revision=\"v\\\"1\"} 1",
        "devopsflow_proxy_unrouted_total{service=\"shop\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line.trim_end_matches('\r')), "{line} in {text}");
    }
    assert!(ask("/other").await.starts_with("HTTP/1.1 404 "));
    server.abort();
    let open = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let error = metrics::serve(open, String::new(), rig.proxy.clone()).await.unwrap_err();
    assert!(error.to_string().contains("loopback"), "{error}");
}
