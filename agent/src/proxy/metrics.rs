//! The counters in Prometheus' text exposition format 0.0.4, and a small server of them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::{Display, Write as _};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Counts, Proxy, RevisionId};

/// The upper bounds of the exported histogram, in seconds.
const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Connections that are served at one time.
const MAX_CONNECTIONS: usize = 16;

const GROWS: &str = "a String takes all that is written to it";

/// What a reader is given for the head of its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Renders readings of a service's counters. Labels are the service, the revision and the class of the status or of the
/// error; never anything that a client sends.
pub fn render(service: &str, counts: &BTreeMap<RevisionId, Counts>, unrouted: u64) -> String {
    let service = escape(service);
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &dyn Fn(&mut Samples<'_>)| {
        writeln!(text, "# HELP devopsflow_proxy_{name} {help}\n# TYPE devopsflow_proxy_{name} {kind}").expect(GROWS);
        samples(&mut Samples { text: &mut text, name, service: &service });
    };
    family("unrouted_total", "counter", "Requests answered with 503 because no replica was ready.", &|to| {
        to.add("", "", unrouted);
    });
    family("requests_total", "counter", "Attempts by the class of their status.", &|to| {
        for (revision, counts) in counts {
            for class in 1..=5 {
                to.add(labels(revision, "code", &format!("{class}xx")), "", counts.status_class(class));
            }
            let unanswered = counts.requests.saturating_sub(counts.statuses.values().sum());
            to.add(labels(revision, "code", "none"), "", unanswered);
        }
    });
    family("errors_total", "counter", "Attempts that were errors, by the kind of error.", &|to| {
        for (revision, counts) in counts {
            for (class, count) in &counts.errors {
                to.add(labels(revision, "class", class.as_str()), "", count);
            }
        }
    });
    for (name, kind, help, value) in [
        (
            "retries_total",
            "counter",
            "Attempts made after another had failed.",
            (|counts| counts.retries) as fn(&Counts) -> u64,
        ),
        ("cut_total", "counter", "Requests closed at a deadline.", |counts| counts.cut),
        ("aborts_total", "counter", "Requests given up by the client.", |counts| counts.aborts),
        ("in_flight", "gauge", "Requests and upgraded connections that are open.", |counts| counts.in_flight),
    ] {
        family(name, kind, help, &|to| counts.iter().for_each(|(id, counts)| to.add(one(id), "", value(counts))));
    }
    family("request_duration_seconds", "histogram", "Time to the head of the response.", &|to| {
        for (revision, counts) in counts {
            for bound in BOUNDS {
                let within = counts.latency.within(Duration::from_secs_f64(bound));
                to.add(labels(revision, "le", &bound.to_string()), "_bucket", within);
            }
            let count = counts.latency.count();
            to.add(labels(revision, "le", "+Inf"), "_bucket", count);
            to.add(one(revision), "_sum", counts.latency.sum().as_secs_f64());
            to.add(one(revision), "_count", count);
        }
    });
    text
}

struct Samples<'a> {
    text: &'a mut String,
    name: &'a str,
    service: &'a str,
}

impl Samples<'_> {
    fn add(&mut self, labels: impl Display, suffix: &str, value: impl Display) {
        let Self { text, name, service } = self;
        writeln!(text, "devopsflow_proxy_{name}{suffix}{{service=\"{service}\"{labels}}} {value}").expect(GROWS);
    }
}

fn one(revision: &RevisionId) -> String {
    format!(",revision=\"{}\"", escape(revision.as_str()))
}

fn labels(revision: &RevisionId, name: &str, value: &str) -> String {
    format!("{},{name}=\"{value}\"", one(revision))
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Serves `GET /metrics` of a proxy until the future is dropped. The listener must be a loopback one, for the numbers are
/// nobody else's.
pub async fn serve(listener: TcpListener, service: String, proxy: Proxy) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        let why = "metrics are served on a loopback address only; give one, such as 127.0.0.1:0";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let source = Arc::new((service, proxy));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        while connections.try_join_next().is_some() {}
        let (stream, _) = listener.accept().await?;
        let source = Arc::clone(&source);
        connections.spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let response = answer(&source, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            // A reader that breaks off has what it wants or asks again.
            drop(server.serve_connection(TokioIo::new(stream), answer).await);
            drop(place);
        });
    }
}

fn answer((service, proxy): &(String, Proxy), request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, render(service, &proxy.counts(), proxy.unrouted())),
        _ => (StatusCode::NOT_FOUND, "Only GET /metrics is here.\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let kind = const { HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8") };
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
