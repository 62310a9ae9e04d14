//! What a request costs a proxy, and how late the late ones are.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use acceptance_tests::load::{Call, Load, Mix};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Connections that each send their next request when the last one is answered.
const CONNECTIONS: usize = 32;
const REQUESTS: u32 = 30_000;

/// A proxy and the processes that it consists of.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) processes: Vec<u32>,
}

impl Proxy {
    /// Requests per second of processor time, under as many as it can take.
    pub(crate) fn rate(&self) -> f64 {
        let before = self.seconds();
        saturate(self.address);
        f64::from(REQUESTS) / (self.seconds() - before)
    }

    /// The 99th percentile of the latency in milliseconds, at 1,000 requests a second whatever becomes of those before.
    pub(crate) fn p99(&self) -> f64 {
        let load = Load::new(self.address, Mix::of([(1, Call::get("/"))]), 1_000.0).duration(Duration::from_secs(4));
        let running = load.start().expect("a load that can be made");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let summary = runtime.block_on(running.wait());
        assert_eq!(summary.failures(), 0, "{summary}");
        summary.p99.as_secs_f64() * 1_000.0
    }

    /// The processor time of all threads so far (`schedstat`, in nanoseconds).
    fn seconds(&self) -> f64 {
        let tasks = self
            .processes
            .iter()
            .flat_map(|process| std::fs::read_dir(format!("/proc/{process}/task")).expect("a process").flatten());
        let nanos = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        nanos.sum::<f64>() / 1e9
    }
}

fn saturate(address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let left = Rc::new(Cell::new(REQUESTS));
    LocalSet::new().block_on(&runtime, async {
        let clients: Vec<_> =
            (0..CONNECTIONS).map(|_| tokio::task::spawn_local(client(address, Rc::clone(&left)))).collect();
        for client in clients {
            client.await.expect("every request is answered");
        }
    });
}

async fn client(address: SocketAddr, left: Rc<Cell<u32>>) {
    let mut stream = TcpStream::connect(address).await.expect("the proxy listens");
    stream.set_nodelay(true).expect("an open connection");
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n");
    let mut buffer = vec![0; 16 * 1024];
    while let Some(next) = left.get().checked_sub(1) {
        left.set(next);
        stream.write_all(request.as_bytes()).await.expect("an open connection");
        let mut filled = 0;
        // The body is all `x` and 1 KiB long.
        let complete = |answer: &[u8]| {
            let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            head.is_some_and(|head| answer.len() == head + 4 + 1024)
        };
        while !complete(&buffer[..filled]) {
            let read = stream.read(&mut buffer[filled..]).await.expect("an open connection");
            assert!(read > 0, "the connection was closed");
            filled += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..filled]));
    }
}
