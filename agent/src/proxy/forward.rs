//! One request: chosen a replica for, sent, sent again where that is safe, and answered.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue, TE, UPGRADE};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::body::{RequestBody, ResponseBody};
use super::counts::ErrorClass;
use super::headers::{self, Origin};
use super::replica::Attempt;
use super::routes::Protocol;
use super::table::{Chosen, Table};
use super::tunnel;
use super::upstream::{Failure, Upstream};
use super::worker::{Open, Worker};

/// The most headers of a request.
pub(super) const MAX_HEADERS: usize = 100;

/// The most replicas that one request is sent to.
const MAX_ATTEMPTS: usize = 3;

/// What is known of a client's connection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) origin: Origin,
    /// 0 until the first request, then 1 or 2.
    version: AtomicU8,
    /// Held while the connection, or what it was upgraded to, is open.
    _open: (Open, OwnedSemaphorePermit),
}

impl Client {
    pub(super) fn new(origin: Origin, open: Open, place: OwnedSemaphorePermit) -> Self {
        Self { origin, version: AtomicU8::new(0), _open: (open, place) }
    }

    pub(super) fn has_asked(&self) -> bool {
        self.version.load(Relaxed) != 0
    }

    pub(super) fn is_http2(&self) -> bool {
        self.version.load(Relaxed) == 2
    }
}

type Answer = Response<ResponseBody>;

fn text(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(ResponseBody::text(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, const { HeaderValue::from_static("text/plain; charset=utf-8") });
    answer
}

/// Answers one request.
pub(super) async fn answer(
    worker: Arc<Worker>,
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let http2 = request.version() == Version::HTTP_2;
    client.version.store(if http2 { 2 } else { 1 }, Relaxed);
    let mut answer = if request.method() == Method::CONNECT {
        text(StatusCode::METHOD_NOT_ALLOWED, "This proxy opens no tunnels: CONNECT is refused.\n")
    } else if request.headers().len() > MAX_HEADERS {
        text(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many headers: at most 100 are taken.\n")
    } else {
        forward(&worker, &client, request).await
    };
    if !http2 && worker.is_closing() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, const { HeaderValue::from_static("close") });
    }
    Ok(answer)
}

/// A request in the form in which it can be sent more than once.
struct Outgoing {
    method: Method,
    path: PathAndQuery,
    headers: HeaderMap,
    body: RequestBody,
    upgrade: Option<HeaderValue>,
    trailers: bool,
}

impl Outgoing {
    fn new(request: Request<Incoming>, client: &Client) -> Self {
        let (mut parts, body) = request.into_parts();
        let upgrade = if parts.version == Version::HTTP_11 { headers::upgrade(&parts.headers) } else { None };
        let trailers = headers::takes_trailers(&parts.headers);
        headers::strip_hop(&mut parts.headers);
        // The server end has answered it, or will when the replica wants the body.
        parts.headers.remove(EXPECT);
        // In the absolute form and in HTTP/2 the target names the host (RFC 9112, 3.2.2; RFC 9113, 8.3.1).
        if let Some(authority) = parts.uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            parts.headers.insert(HOST, host);
        }
        client.origin.mark(&mut parts.headers);
        let path = parts.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let body = RequestBody::new(body);
        Self { method: parts.method, path, headers: parts.headers, body, upgrade, trailers }
    }

    /// The request for a replica.
    fn request(&self, upstream: &Upstream) -> Result<Request<RequestBody>, http::Error> {
        let mut headers = self.headers.clone();
        if self.trailers {
            headers.insert(TE, const { HeaderValue::from_static("trailers") });
        }
        let (uri, version) = if upstream.replica.protocol == Protocol::H2c {
            let authority = headers::authority(&headers).unwrap_or_else(|| upstream.authority.clone());
            headers.remove(HOST);
            let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query(self.path.clone());
            (uri.build()?, Version::HTTP_2)
        } else {
            if !headers.contains_key(HOST) {
                headers.insert(HOST, HeaderValue::from_str(upstream.authority.as_str())?);
            }
            if let Some(upgrade) = &self.upgrade {
                headers.insert(CONNECTION, const { HeaderValue::from_static("upgrade") });
                headers.insert(UPGRADE, upgrade.clone());
            } else if self.trailers {
                headers.insert(CONNECTION, const { HeaderValue::from_static("te") });
            }
            (Uri::from(self.path.clone()), Version::HTTP_11)
        };
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.version_mut() = version;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// A request that may be repeated although a replica may have seen it (RFC 9110, 9.2.2).
    fn is_repeatable(&self) -> bool {
        (self.method == Method::GET || self.method == Method::HEAD) && self.body.is_empty() && self.upgrade.is_none()
    }
}

async fn forward(worker: &Worker, client: &Arc<Client>, mut request: Request<Incoming>) -> Answer {
    let mut table = worker.table();
    let Some(mut side) = table.side() else { return unrouted(worker) };
    let downstream = hyper::upgrade::on(&mut request);
    let outgoing = Outgoing::new(request, client);
    let (mut tried, mut repeated) = (Vec::new(), false);
    for number in 1..=MAX_ATTEMPTS {
        let chosen = loop {
            let chosen = table.begin(side, &mut tried);
            if chosen.is_some() || number > 1 {
                break chosen;
            }
            // All of them were taken out since the table was read.
            let newer = worker.table();
            let changed = !Arc::ptr_eq(&newer, &table);
            let Some(newer_side) = changed.then(|| newer.side()).flatten() else { return unrouted(worker) };
            (table, side) = (newer, newer_side);
            tried.clear();
        };
        let Some(chosen) = chosen else { break };
        if number > 1 {
            chosen.attempt.replica.recording.retry();
        }
        let failure = match send(worker, &table, &outgoing, chosen).await {
            Ok((response, attempt)) => return respond(response, attempt, downstream, outgoing, client),
            Err(Stop::Answer(status, why)) => return text(status, why),
            Err(Stop::Failed(failure)) => failure,
        };
        if failure.never_sent && !outgoing.body.is_touched() {
            continue;
        }
        if !failure.stale || !outgoing.is_repeatable() || std::mem::replace(&mut repeated, true) {
            break;
        }
        // Only a connection was worn out: its replica may well be the one to ask again.
        tried.pop();
    }
    text(StatusCode::BAD_GATEWAY, "The replica could not be reached or broke off.\n")
}

fn unrouted(worker: &Worker) -> Answer {
    worker.shared.unrouted.fetch_add(1, Relaxed);
    text(StatusCode::SERVICE_UNAVAILABLE, "No replica is ready.\n")
}

/// Why an attempt brought no response.
enum Stop {
    /// The client is answered with this.
    Answer(StatusCode, &'static str),
    /// Another attempt may be allowed.
    Failed(Failure),
}

/// Makes one attempt, as far as the head of the response.
async fn send(
    worker: &Worker,
    table: &Table,
    outgoing: &Outgoing,
    chosen: Chosen,
) -> Result<(Response<Incoming>, Attempt), Stop> {
    let Chosen { upstream, mut attempt, side } = chosen;
    let Ok(request) = outgoing.request(&upstream) else {
        attempt.discard();
        return Err(Stop::Answer(StatusCode::BAD_REQUEST, "The target of the request is not valid.\n"));
    };
    let began = Instant::now();
    let mut sending = pin!(upstream.send(request));
    let result = loop {
        // A replica that takes or awaits a body is not late.
        let deadline = outgoing.body.waits_since().unwrap_or(began) + worker.shared.settings.first_byte_timeout;
        match tokio::time::timeout_at(deadline, sending.as_mut()).await {
            Ok(result) => break result,
            Err(_) if outgoing.body.waits_since().is_some_and(|since| since > deadline) => (),
            Err(_) => {
                attempt.fail(ErrorClass::Timeout);
                return Err(Stop::Answer(StatusCode::GATEWAY_TIMEOUT, "The replica did not answer in time.\n"));
            }
        }
    };
    match result {
        Ok(response) => {
            attempt.answered(response.status());
            if let Some(seconds) = headers::keep_alive(response.headers()) {
                upstream.keep_alive(seconds);
            }
            Ok((response, attempt))
        }
        Err(_) if outgoing.body.has_failed() => {
            Err(Stop::Answer(StatusCode::BAD_REQUEST, "The body of the request broke off.\n"))
        }
        Err(failure) => {
            let (replica, class) = (&upstream.replica.id, failure.class.as_str());
            tracing::debug!(%replica, class, "attempt failed: {}", failure.why);
            attempt.fail(failure.class);
            if matches!(failure.class, ErrorClass::Connect | ErrorClass::Reset) && !upstream.replica.is_cut() {
                table.note_failure(side, &upstream.replica);
            }
            Err(Stop::Failed(failure))
        }
    }
}

/// Hands a response to the client.
fn respond(
    mut response: Response<Incoming>,
    mut attempt: Attempt,
    downstream: OnUpgrade,
    outgoing: Outgoing,
    client: &Arc<Client>,
) -> Answer {
    let status = response.status();
    let mut switched = None;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        let agreed = headers::upgrade(response.headers()).filter(|_| outgoing.upgrade.is_some());
        let Some(protocol) = agreed else {
            attempt.finish(Some(ErrorClass::Upgrade));
            return text(StatusCode::BAD_GATEWAY, "The replica changed the protocol unasked.\n");
        };
        switched = Some((protocol, hyper::upgrade::on(&mut response)));
    }
    let (mut parts, incoming) = response.into_parts();
    headers::strip_hop(&mut parts.headers);
    parts.version = Version::HTTP_11;
    if let Some((protocol, upstream)) = switched {
        parts.headers.insert(CONNECTION, const { HeaderValue::from_static("upgrade") });
        parts.headers.insert(UPGRADE, protocol);
        tokio::spawn(tunnel::run(downstream, upstream, attempt, Arc::clone(client)));
        return Response::from_parts(parts, ResponseBody::text(""));
    }
    if status.is_server_error() {
        attempt.decide(Some(ErrorClass::Status));
    }
    let body = ResponseBody::replica(incoming, &parts.headers, attempt, outgoing.body);
    Response::from_parts(parts, body)
}
