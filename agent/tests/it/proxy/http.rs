//! Heads on their way through: what is kept, taken off and put on.

use ::http::{Request, Version};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::*;

/// Answers with the request's target and headers, a line each.
async fn mirror() -> Upstream {
    Upstream::start(|request| async move {
        let authority = request.uri().authority().map(|authority| format!("authority: {authority}\n"));
        let head = format!("{} {} {:?}\n", request.method(), request.uri().path(), request.version());
        let lines = headers(&request).into_iter().map(|(name, value)| format!("{name}: {value}\n"));
        let lines: String = lines.collect();
        answer(200, head + &authority.unwrap_or_default() + &lines)
    })
    .await
}

const HOPS: &[u8] = b"GET /a?b=c HTTP/1.1\r\nHost: shop.test:8080\r\nConnection: close, X-Secret-Hop, host\r\n\
    X-Secret-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTE: gzip\r\n\
    Expect: 100-continue\r\nX-Kept: yes\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\
    X-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 443\r\nForwarded: for=6.6.6.6\r\n\r\n";

#[tokio::test]
async fn host_is_kept_hops_are_removed_and_claims_are_overwritten() {
    let upstream = mirror().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let text = rig.raw(HOPS).await;
    let lines = text.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(
        lines,
        "GET /a HTTP/1.1\nforwarded: for=127.0.0.1;host=\"shop.test:8080\";proto=http\nhost: shop.test:8080\n\
        x-forwarded-for: 127.0.0.1\nx-forwarded-host: shop.test:8080\nx-forwarded-proto: http\nx-kept: yes\n"
    );
}

#[tokio::test]
async fn a_trusted_peer_is_believed_and_added() {
    let upstream = mirror().await;
    let trusting = agent::proxy::Settings { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..settings() };
    let rig = Rig::with(trusting, routes(&[("v1", 10_000, upstream.address)]));
    let text = rig.raw(HOPS).await;
    for line in [
        "x-forwarded-for: 6.6.6.6, 127.0.0.1",
        "x-forwarded-proto: https",
        "x-forwarded-host: evil.test",
        "x-forwarded-port: 443",
        "forwarded: for=6.6.6.6, for=127.0.0.1;host=\"shop.test:8080\";proto=http",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn hops_of_a_response_are_removed() {
    let answer: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
        X-Kept: yes\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"];
    let upstream = Upstream::scripted(answer).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut http2 = rig.http2().await;
    let response = http2.send_request(get("/")).await.unwrap();
    let names: Vec<_> = response.headers().keys().map(::http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-kept", "date"]);
    assert_eq!(read(response).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn every_pair_of_protocols_works_and_keeps_the_host() {
    let upstream = mirror().await;
    for (routes, version, name) in [
        (routes(&[("v1", 10_000, upstream.address)]), "HTTP/1.1", "host"),
        (h2c(routes(&[("v1", 10_000, upstream.address)])), "HTTP/2.0", "authority"),
    ] {
        let rig = Rig::open(routes);
        let (mut http1, mut http2) = (rig.http1().await, rig.http2().await);
        for response in [http1.send_request(get("/x")).await.unwrap(), http2.send_request(get("/x")).await.unwrap()] {
            let (status, text) = read(response).await;
            assert_eq!(status, 200);
            assert!(text.starts_with(&format!("GET /x {version}\n")), "{text}");
            assert!(text.contains(&format!("{name}: service.test\n")), "{text}");
            assert!(text.contains("x-forwarded-host: service.test\n"), "{text}");
            assert_eq!(text.matches("service.test\n").count(), 2, "{text}");
        }
        let counts = rig.counted("v1", 2).await;
        assert_eq!(counts.statuses[&200], 2);
    }
}

#[tokio::test]
async fn an_absolute_target_names_the_host() {
    let upstream = mirror().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let text = rig.raw(b"GET http://real.test/p HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n").await;
    assert!(text.contains("GET /p HTTP/1.1\n") && text.contains("host: real.test\n"), "{text}");
    let text = rig.raw(b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await;
    assert!(text.contains("OPTIONS * HTTP/1.1\n"), "{text}");
    let text = rig.raw(b"GET /old HTTP/1.0\r\n\r\n").await;
    assert!(text.contains("GET /old HTTP/1.1\n"), "{text}");
}

#[tokio::test]
async fn connect_is_refused() {
    let upstream = mirror().await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let text = rig.raw(b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nConnection: close\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 405 "), "{text}");
    let connect =
        Request::builder().method("CONNECT").version(Version::HTTP_2).uri("a.test:443").body(full("")).unwrap();
    let status = rig.http2().await.send_request(connect).await.unwrap().status();
    assert_eq!((status, upstream.seen()), (405.try_into().unwrap(), 0));
}

#[tokio::test]
async fn a_head_request_keeps_the_length_and_has_no_body() {
    let upstream = Upstream::scripted(&[b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"]).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let response = rig.http1().await.send_request(request("HEAD", "/", "")).await.unwrap();
    assert_eq!(response.headers()["content-length"], "1234");
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(rig.counted("v1", 1).await.error_total(), 0);
}

#[tokio::test]
async fn a_client_that_waits_for_100_gets_it() {
    let upstream = Upstream::start(|request| async move { hyper::Response::new(request.into_body().boxed()) }).await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    stream.write_all(head).await.unwrap();
    assert_eq!(patiently("100", read_head(&mut stream)).await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    let mut text = String::new();
    patiently("the answer", stream.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("body"), "{text}");
}

/// A length that the chunks contradict would let a second request hide in the first.
#[tokio::test]
async fn a_request_with_two_lengths_has_one_behind_the_proxy() {
    let (sender, mut heads) = tokio::sync::mpsc::channel(1);
    let upstream = Upstream::raw(move |mut stream| {
        let sender = sender.clone();
        async move {
            sender.send(read_head(&mut stream).await.unwrap()).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let rig = Rig::open(routes(&[("v1", 10_000, upstream.address)]));
    let request =
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\nab\r\n0\r\n\r\n";
    let answer = rig.raw(request).await;
    if answer.starts_with("HTTP/1.1 400 ") {
        return;
    }
    let head = patiently("the head", heads.recv()).await.unwrap();
    assert!(head.contains("transfer-encoding: chunked\r\n") && !head.contains("content-length"), "{head}");
}
