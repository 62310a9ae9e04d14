//! What of a service applies in place, and what its replicas speak.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Span;

/// What of a service applies in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The address that users reach it at.
    pub bind: IpAddr,
    /// The port that users reach it at.
    pub port: u16,
    /// How many replicas serve it.
    pub replicas: u32,
    /// Where its programs run, absolute.
    pub working_dir: PathBuf,
    /// How long requests in flight may take to end when a replica is retired.
    pub drain: Span,
    /// The same when its revision is taken back.
    pub abort_drain: Span,
    /// How long a replica may take to end after SIGTERM before it is killed.
    pub stop_timeout: Span,
    /// Peers whose `X-Forwarded-*` and `Forwarded` headers are kept.
    pub trusted_proxies: Vec<IpAddr>,
    /// How many bytes of log are kept of each replica, twice: the current file and the one before.
    pub log_limit: u64,
    /// The port on 127.0.0.1 that serves the metrics of this service; none when absent.
    pub metrics_port: Option<u16>,
    /// How many ended rollouts are remembered.
    pub history_limit: u32,
    /// Returning to one of so many last revisions skips the ladder.
    pub rollback_window: u32,
}

/// What replicas speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
}

/// When a replica is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// The path that must answer 200; when absent, the port must accept.
    pub path: Option<String>,
    /// How often to ask.
    pub interval: Span,
    /// How long an answer may take.
    pub timeout: Span,
    /// So many failures in a row and it is not ready any more.
    pub failures: u32,
}
