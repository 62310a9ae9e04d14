//! An agent with a state directory of its own, and rollouts of this program's [`replica`].

use std::collections::BTreeMap;
use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use acceptance_tests::poll;
use agent_client::Client;
use rollout::gate::{Gate, Metric, NoData, error_rate};
use rollout::plan::Limits;
use rollout::plan::canary::{self, CanaryOptions, Pause, Rung};
use rollout::revision::Revision;
use rollout::wire::{Happening, Protocol, Readiness, Recorded, Service, StartRequest};
use rollout::{Span, Weight};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::replica;

/// How long the agent has to end what it runs.
const END: Duration = Duration::from_secs(20);

/// A running agent. It and its replicas end with this.
pub(crate) struct Agent {
    child: Child,
    client: Client,
    runtime: Runtime,
    folder: TempDir,
}

impl Agent {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let client = Client::at(folder.path().join("state"));
        let runtime = Runtime::new().expect("a runtime");
        Self { child: spawn(&client), client, runtime, folder }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL and starts another one, as its unit would.
    pub(crate) fn restart(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a child of this process");
        self.child = spawn(&self.client);
    }

    /// Brings a version of a service to its users at `address`: the first one at once, any other one on its way to a
    /// quarter of them. Every `fail_every`-th of its answers is an error, none if that is 0.
    pub(crate) fn roll_out(&self, service: &str, address: SocketAddr, version: &str, fail_every: u64) {
        let generation = |agent: &Self| {
            let status = agent.runtime.block_on(agent.client.status(service)).ok()?;
            Some(status.map_or(0, |status| status.generation))
        };
        let request = StartRequest {
            service: self.service(service, address),
            revision: self.revision(version, fail_every),
            plan: canary::compile(&ladder(), Limits { gates: vec![gate()], ..Limits::default() }).expect("a good plan"),
            expect_generation: poll("the agent to answer", || generation(self)),
            retry_token: None,
            retry_blocked: false,
        };
        self.runtime.block_on(self.client.start(request)).expect("the rollout begins");
    }

    /// Waits until all users of a service have a version.
    pub(crate) fn await_version(&self, service: &str, version: &str) {
        poll("the version to be with all users", || {
            let status = self.runtime.block_on(self.client.status(service)).expect("a status")?;
            (status.candidate.is_none() && status.stable?.revision.version == version).then_some(())
        });
    }

    /// The events of the first rollout after `after` that is taken back and has ended.
    pub(crate) fn await_return(&self, service: &str, after: u64) -> Vec<Recorded> {
        self.runtime.block_on(async {
            let mut events = self.client.watch(Some(service), after).await.expect("the agent tells");
            let mut seen = Vec::new();
            let all = async {
                while let Some(event) = events.next().await.expect("the agent tells") {
                    let ended = matches!(event.happening, Happening::Ended(_));
                    seen.push(event);
                    if ended {
                        return;
                    }
                }
            };
            tokio::time::timeout(Duration::from_mins(1), all).await.expect("the rollout ends within a minute");
            seen
        })
    }

    pub(crate) fn last_event(&self, service: &str) -> u64 {
        let status = self.runtime.block_on(self.client.status(service)).expect("a status");
        status.expect("the service exists").last_event
    }

    /// The address of the replica of a version.
    pub(crate) fn replica(&self, version: &str) -> SocketAddr {
        let port = std::fs::read_to_string(self.folder.path().join(format!("{version}.port"))).expect("it listens");
        SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().expect("a port")))
    }

    /// When a failing version was last asked, in milliseconds of the Unix clock.
    pub(crate) fn last_request(&self, version: &str) -> i64 {
        let time = std::fs::read_to_string(self.folder.path().join(format!("{version}.last"))).expect("it was asked");
        time.parse().expect("milliseconds")
    }

    fn service(&self, name: &str, address: SocketAddr) -> Service {
        Service {
            name: name.to_owned(),
            bind: address.ip(),
            port: address.port(),
            replicas: 1,
            working_dir: self.folder.path().to_owned(),
            drain: Span::from_secs(5),
            abort_drain: Span::from_secs(5),
            stop_timeout: Span::from_secs(2),
            trusted_proxies: Vec::new(),
            log_limit: 1 << 20,
            metrics_port: None,
            history_limit: 10,
            rollback_window: 0,
        }
    }

    fn revision(&self, version: &str, fail_every: u64) -> Revision {
        let text = |path: PathBuf| path.to_str().expect("a path in UTF-8").to_owned();
        let program = text(env::current_exe().expect("this program"));
        let folder = text(self.folder.path().to_owned());
        Revision {
            version: version.to_owned(),
            command: vec![program, replica::NAME.to_owned(), folder, version.to_owned(), fail_every.to_string()],
            env: BTreeMap::new(),
            readiness: Readiness {
                path: None,
                interval: Span::from_millis(100),
                timeout: Span::from_secs(1),
                failures: 3,
            },
            protocol: Protocol::Http1,
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let stopped = self.runtime.block_on(async { tokio::time::timeout(END, self.client.stop(true)).await });
        if !matches!(stopped, Ok(Ok(()))) {
            // Without it nothing can be asked to end any more.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn spawn(client: &Client) -> Child {
    let program = env::var_os("DEVOPSFLOW_AGENT").expect("DEVOPSFLOW_AGENT is the agent's program");
    let mut command = Command::new(program);
    command.arg("run").env(agent_client::STATE_DIR, client.state_dir());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the agent starts")
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound")
}

/// A quarter for a minute.
fn ladder() -> CanaryOptions {
    let weight = Weight::from_basis_points(2_500).expect("a share");
    CanaryOptions { steps: vec![Rung { weight, pause: Some(Pause::Elapsed(Span::from_mins(1))) }] }
}

fn gate() -> Gate {
    let limits = error_rate::Limits {
        max_ratio_to_baseline: Some(error_rate::DEFAULT_RATIO),
        max: None,
        min_samples: error_rate::DEFAULT_MIN_SAMPLES,
    };
    Gate {
        name: "errors".to_owned(),
        metric: Metric::ErrorRate(limits),
        no_data: NoData::Default,
        dry_run: false,
        interval: Span::from_secs(1),
        initial_delay: Span::ZERO,
    }
}
