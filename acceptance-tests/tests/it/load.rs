//! The load that is put on a service, against servers that behave and misbehave.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acceptance_tests::load::{Call, Failed, Load, Mix, Refused, Summary};
use acceptance_tests::poll;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A server that does what the path of a request says. It ends with the test.
struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    runtime: Option<tokio::runtime::Runtime>,
}

struct Seen {
    requests: AtomicU64,
    connections: AtomicU64,
    /// Opened when `/gate` shall be answered.
    gate: Semaphore,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen { requests: AtomicU64::new(0), connections: AtomicU64::new(0), gate: Semaphore::new(0) };
        let seen = Arc::new(seen);
        let state = Arc::clone(&seen);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        Self { address, seen, runtime: Some(runtime) }
    }

    fn load(&self, calls: &[Call], rate: f64, total: u64) -> Load {
        Load::new(self.address, Mix::of(calls.iter().map(|call| (1, call.clone()))), rate).total(total)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Serves one connection until the path of a request says to close it. `None` does.
async fn serve(mut stream: TcpStream, seen: Arc<Seen>) -> Option<()> {
    let mut buffer = Vec::new();
    for nth in 0.. {
        let (path, body) = read_request(&mut stream, &mut buffer).await?;
        // Of 10 requests, one goes to v2.
        let v2 = seen.requests.fetch_add(1, Ordering::SeqCst) % 10 == 9;
        let version = if v2 { "v2" } else { "v1" };
        let head = |status: u16, rest: &str| format!("HTTP/1.1 {status} x\r\nx-version: {version}\r\n{rest}\r\n");
        let sized = |status: u16, body: &[u8]| {
            [head(status, &format!("content-length: {}\r\n", body.len())).as_bytes(), body].concat()
        };
        let answer = match path.as_str() {
            "/" => sized(200, b"hello"),
            "/echo" => sized(200, &body),
            "/wrong" => sized(200, &[&body[..body.len() - 1], b"!"].concat()),
            "/short" => sized(200, &body[1..]),
            "/bad-v2" => sized(if v2 { 503 } else { 200 }, b"hello"),
            "/gate" => {
                seen.gate.acquire().await.ok()?.forget();
                sized(200, b"late")
            }
            "/hang" => std::future::pending().await,
            "/nonsense" => b"220 mail.example ESMTP\r\n\r\n".to_vec(),
            "/once" if nth == 0 => sized(200, &body),
            // The second request to `/once` meets what a server does whose idle time is just over.
            "/drop" | "/once" => return None,
            "/half" if nth == 0 => sized(200, b"hello"),
            "/stream" | "/cut" | "/half" => {
                let half = path == "/half";
                let begin = if half { "HTTP/1.1 2".to_owned() } else { head(200, "transfer-encoding: chunked\r\n") };
                stream.write_all(begin.as_bytes()).await.ok()?;
                if half {
                    return None;
                }
                for _ in 0..3 {
                    stream.write_all(b"4\r\ndata\r\n").await.ok()?;
                    tokio::task::yield_now().await;
                }
                if path == "/cut" {
                    return None;
                }
                b"0\r\n\r\n".to_vec()
            }
            other => panic!("the test asks for {other}"),
        };
        stream.write_all(&answer).await.ok()?;
    }
    None
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Some((head.split(' ').nth(1).unwrap().to_owned(), body));
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Puts so many requests of one kind on a server.
#[track_caller]
fn check(call: Call, total: u64, expected: &[(Failed, u64)]) -> Summary {
    let server = Server::start();
    // Only what never comes needs a short time; for all else a slow machine must not matter.
    let timeout = if call == Call::get("/hang") { Duration::from_millis(100) } else { Duration::from_mins(1) };
    let summary = wait(server.load(&[call], 200.0, total).timeout(timeout));
    assert_eq!(summary.failed, expected, "{summary}");
    assert_eq!((summary.sent, summary.ok + summary.failures()), (total, total), "{summary}");
    summary
}

fn wait(load: Load) -> Summary {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(load.start().unwrap().wait())
}

#[test]
fn an_honest_server_loses_nothing_and_is_counted_by_version() {
    let server = Server::start();
    let calls = [Call::get("/"), Call::echo("/echo", 10_000), Call::get("/stream"), Call::echo("/echo", 0)];
    let summary = wait(server.load(&calls, 500.0, 200).keep_alive(Duration::from_mins(1)));
    assert_eq!((summary.sent, summary.ok, summary.resent), (200, 200, 0), "{summary}");
    assert_eq!(summary.by_version["v2"].sent, 20, "{summary}");
    assert_eq!(summary.by_version["v1"].sent, 180, "{summary}");
    assert!(summary.p50 <= summary.p99 && summary.p99 <= summary.max && summary.max > Duration::ZERO);
    let listed: u64 = summary.timeline.iter().flat_map(|bucket| bucket.values()).sum();
    assert_eq!((listed, summary.timeline.len()), (200, 4), "200 requests at 500 a second are due within 400 ms");
    // How many overlap is up to the machine; what matters is that connections are used again.
    assert!(server.seen.connections.load(Ordering::Relaxed) < 200);
}

#[test]
fn connections_are_not_used_again_when_that_is_not_wanted() {
    let server = Server::start();
    let summary = wait(server.load(&[Call::get("/")], 500.0, 50).keep_alive(Duration::ZERO));
    assert_eq!((summary.ok, server.seen.connections.load(Ordering::Relaxed)), (50, 50));
}

#[test]
fn failures_are_told_apart() {
    check(Call::echo("/wrong", 100), 5, &[(Failed::WrongBody, 5)]);
    check(Call::echo("/short", 100), 5, &[(Failed::WrongBody, 5)]);
    check(Call::get("/cut"), 5, &[(Failed::CutShort, 5)]);
    check(Call::get("/drop"), 5, &[(Failed::Reset, 5)]);
    check(Call::echo("/drop", 5), 5, &[(Failed::Reset, 5)]);
    check(Call::get("/nonsense"), 5, &[(Failed::Malformed, 5)]);
    let summary = check(Call::get("/hang"), 3, &[(Failed::Timeout, 3)]);
    assert_eq!((summary.max, summary.by_version.len()), (Duration::ZERO, 0));
}

#[test]
fn a_failing_version_is_named() {
    let summary = check(Call::get("/bad-v2"), 50, &[(Failed::Status(503), 5)]);
    assert_eq!((summary.by_version["v1"].failed, summary.by_version["v2"].failed), (0, 5));
    assert!((summary.highest_share("v2", 20) - 0.1).abs() < 0.1, "{:?}", summary.timeline);
}

#[test]
fn nobody_listening_is_a_failure_and_not_the_end() {
    let address = {
        let server = Server::start();
        server.address
    };
    poll("the listener to be gone", || std::net::TcpStream::connect(address).is_err().then_some(()));
    let summary = wait(Load::new(address, Mix::of([(1, Call::get("/"))]), 200.0).total(5));
    assert_eq!(summary.failed, [(Failed::Connect, 5)]);
}

/// One at a time, so that the second request is on the connection of the first.
#[track_caller]
fn one_after_the_other(server: &Server, call: &Call, count: u64) -> Summary {
    let running =
        server.load(std::slice::from_ref(call), 20.0, count).keep_alive(Duration::from_mins(1)).start().unwrap();
    poll("all answers", || {
        let summary = running.so_far();
        (summary.ok + summary.failures() == count).then_some(())
    });
    running.stop_blocking()
}

#[test]
fn a_get_on_a_connection_that_was_just_closed_is_sent_again() {
    let server = Server::start();
    let summary = one_after_the_other(&server, &Call::get("/once"), 6);
    assert_eq!((summary.ok, summary.failures()), (6, 0), "{summary}");
    assert!(summary.resent > 0, "{summary}");
    assert_eq!(server.seen.requests.load(Ordering::SeqCst), 6 + summary.resent);
}

#[test]
fn a_post_on_a_connection_that_was_just_closed_is_never_sent_again() {
    let server = Server::start();
    let summary = one_after_the_other(&server, &Call::echo("/once", 0), 6);
    assert_eq!(summary.resent, 0, "{summary}");
    assert!(matches!(summary.failed[..], [(Failed::Stale, _)]), "{summary}");
    assert_eq!(server.seen.requests.load(Ordering::SeqCst), 6, "each was seen once");
}

#[test]
fn a_get_whose_answer_began_is_not_sent_again() {
    let server = Server::start();
    let summary = one_after_the_other(&server, &Call::get("/half"), 6);
    assert!(matches!(summary.failed[..], [(Failed::Reset, _)]), "{summary}");
    assert_eq!((summary.resent, server.seen.requests.load(Ordering::SeqCst)), (0, 6));
}

#[test]
fn requests_are_sent_when_they_are_due_and_their_time_counts_from_then() {
    let server = Server::start();
    let running = server.load(&[Call::get("/gate")], 100.0, 30).timeout(Duration::from_mins(1)).start().unwrap();
    // Nobody is answered, and all are sent all the same.
    poll("30 requests", || (server.seen.requests.load(Ordering::SeqCst) == 30).then_some(()));
    assert_eq!((running.so_far().sent, running.so_far().ok), (30, 0));
    server.seen.gate.add_permits(30);
    let summary = running.stop_blocking();
    assert_eq!(summary.ok, 30, "{summary}");
    // The first one was due 290 ms before the last one, and half of them at least 140 ms.
    assert!(summary.max >= Duration::from_millis(290) && summary.p50 >= Duration::from_millis(140), "{summary}");
}

#[test]
fn what_is_under_way_is_bounded() {
    let server = Server::start();
    let running = server.load(&[Call::get("/gate")], 500.0, 10).in_flight(3).start().unwrap();
    poll("all to be due", || (running.so_far().sent == 10).then_some(()));
    server.seen.gate.add_permits(10);
    let summary = running.stop_blocking();
    assert_eq!((summary.ok, &summary.failed[..]), (3, &[(Failed::NotSent, 7)][..]), "{summary}");
}

#[test]
fn it_runs_until_it_is_stopped_or_for_its_duration() {
    let server = Server::start();
    let running = server.load(&[Call::get("/")], 100.0, u64::MAX).start().unwrap();
    poll("some answers", || (running.so_far().ok >= 5).then_some(()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let summary = runtime.block_on(running.stop());
    assert_eq!(summary.sent, summary.ok, "{summary}");
    let summary = wait(server.load(&[Call::get("/")], 100.0, u64::MAX).duration(Duration::from_millis(200)));
    assert_eq!((summary.sent, summary.ok), (20, 20), "{summary}");
}

#[test]
fn a_load_that_is_dropped_ends() {
    let server = Server::start();
    drop(server.load(&[Call::get("/")], 1_000.0, u64::MAX).start().unwrap());
    let quiet = || {
        let before = server.seen.requests.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        (server.seen.requests.load(Ordering::SeqCst) == before).then_some(())
    };
    poll("the load to end", quiet);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let get = Mix::of([(1, Call::get("/"))]);
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let other = SocketAddr::from(([192, 0, 2, 1], 80));
    let refused = |address, mix: &Mix, rate| Load::new(address, mix.clone(), rate).start().err();
    assert_eq!(refused(other, &get, 1.0), Some(Refused::NotLoopback(other)));
    assert!(refused(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80)), &get, 1.0).is_some());
    for rate in [0.0, -1.0, 20_001.0, f64::INFINITY] {
        assert_eq!(refused(local, &get, rate), Some(Refused::Rate(rate)));
    }
    assert!(matches!(refused(local, &get, f64::NAN), Some(Refused::Rate(_))));
    for calls in [vec![], vec![(0, Call::get("/"))], vec![(1_001, Call::get("/"))], vec![(1, Call::get("x"))]] {
        assert!(matches!(refused(local, &Mix::of(calls.clone()), 1.0), Some(Refused::Mix(_))), "{calls:?}");
    }
    assert!(matches!(refused(local, &Mix::of([(1, Call::get("/a b"))]), 1.0), Some(Refused::Mix(_))));
    assert!(matches!(refused(local, &Mix::of([(1, Call::echo("/", (1 << 20) + 1))]), 1.0), Some(Refused::Mix(_))));
}
