//! The service that is rolled out: this program itself, which answers every GET with 1 KiB.

use std::env;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The argument that makes this program a replica.
pub(crate) const NAME: &str = "replica";

/// The largest request.
const LARGEST: usize = 64 * 1024;

struct Service {
    good: String,
    bad: String,
    /// How often to fail; never if 0.
    fail_every: u64,
    number: AtomicU64,
    /// Where the time of the last request goes.
    last: PathBuf,
}

/// Serves at `PORT` until it is ended, and writes that port into `VERSION.port` of the folder. Every `fail_every`-th request
/// gets 500, none if that is 0; else the time of each request, in milliseconds of the Unix clock, goes to `VERSION.last`.
pub(crate) fn serve(folder: &Path, version: &str, fail_every: u64) {
    let answer = |status: &str| {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\nX-Version: {version}");
        format!("{head}\r\n\r\n{}", "x".repeat(1024))
    };
    let service = Service {
        good: answer("200 OK"),
        bad: answer("500 Internal Server Error"),
        fail_every,
        number: AtomicU64::new(0),
        last: folder.join(format!("{version}.last")),
    };
    let service = Rc::new(service);
    let port: u16 = env::var("PORT").ok().and_then(|port| port.parse().ok()).expect("PORT is a port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        std::fs::write(folder.join(format!("{version}.port")), port.to_string()).expect("a writable folder");
        loop {
            let (stream, _) = listener.accept().await.expect("descriptors are left");
            tokio::task::spawn_local(answer_all(stream, Rc::clone(&service)));
        }
    });
}

async fn answer_all(mut stream: TcpStream, service: Rc<Service>) {
    // Without it only latency suffers.
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut filled) = (vec![0; LARGEST], 0);
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
        filled += read;
        if !buffer[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        filled = 0;
        if stream.write_all(service.answer().as_bytes()).await.is_err() {
            return;
        }
    }
}

impl Service {
    fn answer(&self) -> &str {
        if self.fail_every == 0 {
            return &self.good;
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is set");
        std::fs::write(&self.last, now.as_millis().to_string()).expect("a writable folder");
        let number = self.number.fetch_add(1, Relaxed) + 1;
        if number.is_multiple_of(self.fail_every) { &self.bad } else { &self.good }
    }
}
