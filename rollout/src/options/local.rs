//! Where a service runs: processes of this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use framework::Attributes;

use crate::Span;
use crate::wire::{Protocol, Readiness};

/// Where a service runs, and what is run.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub enum Target {
    /// Processes on this machine, behind the proxy of the agent. Linux only.
    Local(Local),
}

/// Processes on this machine, behind the proxy of the agent.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub struct Local {
    /// The program and its arguments, without a shell. `{version}` stands for the version and `{port}` for the port that a replica is to
    /// listen on at 127.0.0.1, which is also in the environment as `PORT`.
    #[attr(length = 1..=1000)]
    pub command: Vec<String>,
    /// The port at which users reach the service. A change takes effect without a rollout: the new one opens before the old one closes.
    #[attr(range = 1..=65535)]
    pub port: u16,
    /// The address at which users reach the service.
    #[attr(default = "127.0.0.1")]
    pub bind: String,
    /// How many processes serve a version. A change takes effect without a rollout.
    #[attr(default = 1, range = 1..=1000)]
    pub replicas: u32,
    /// Environment variables of the processes, besides `PATH`, `HOME`, `LANG`, `PORT` and `HOST`. Their values are shown.
    #[attr(default = BTreeMap::new())]
    pub env: BTreeMap<String, String>,
    /// The directory that the processes run in. Leave out for the one that terraform runs in. A change takes effect with the next version.
    pub working_dir: Option<PathBuf>,
    /// When a process is ready. Leave out for: as soon as its port accepts connections.
    pub readiness: Option<LocalReadiness>,
    /// What the processes speak.
    #[attr(default = LocalProtocol::Http1)]
    pub protocol: LocalProtocol,
    /// How long requests in flight may take to end when a process is retired. Streams that are longer are cut.
    #[attr(default = Span::from_secs(30))]
    pub drain: Span,
    /// The same when the version is being taken back.
    #[attr(default = Span::from_secs(5))]
    pub abort_drain: Span,
    /// How long a process may take to end after SIGTERM before it is killed.
    #[attr(default = Span::from_secs(10))]
    pub stop_timeout: Span,
    /// Addresses of proxies in front of this one, whose `X-Forwarded-*` and `Forwarded` headers are kept.
    #[attr(default = Vec::new())]
    pub trusted_proxies: Vec<String>,
    /// How much is kept of what each process writes, in bytes, twice: the current file and the one before.
    #[attr(default = 10_485_760, range = 65_536..)]
    pub log_limit: u64,
    /// The port on 127.0.0.1 at which Prometheus finds the metrics of the service. Leave out for none.
    #[attr(range = 1..=65535)]
    pub metrics_port: Option<u16>,
}

/// When a process is ready.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct LocalReadiness {
    /// The path that must answer 200. Leave out to only ask whether the port accepts connections.
    pub path: Option<String>,
    /// How often it is asked.
    #[attr(default = Span::from_secs(1))]
    pub interval: Span,
    /// How long an answer may take.
    #[attr(default = Span::from_secs(1))]
    pub timeout: Span,
    /// After so many failures in a row a process is not ready any more.
    #[attr(default = 3, range = 1..=100)]
    pub failures: u32,
}

impl From<Option<LocalReadiness>> for Readiness {
    fn from(options: Option<LocalReadiness>) -> Self {
        let second = Span::from_secs(1);
        let LocalReadiness { path, interval, timeout, failures } =
            options.unwrap_or(LocalReadiness { path: None, interval: second, timeout: second, failures: 3 });
        Self { path, interval, timeout, failures }
    }
}

/// What the processes of a service speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum LocalProtocol {
    /// HTTP/1.1, WebSocket included.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge, as gRPC servers do.
    H2c,
}

impl From<LocalProtocol> for Protocol {
    fn from(protocol: LocalProtocol) -> Self {
        match protocol {
            LocalProtocol::Http1 => Self::Http1,
            LocalProtocol::H2c => Self::H2c,
        }
    }
}
