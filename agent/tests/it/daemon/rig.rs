//! An agent of a test: started, killed, started again, and ended with everything it runs when the test is over.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use agent::supervisor::{Marked, find_marked};
use agent_client::{Client, Error, STATE_DIR};
use rollout::gate::error_rate::Limits as ErrorLimits;
use rollout::gate::{Gate, Metric, NoData};
use rollout::plan::Limits;
use rollout::plan::canary::{CanaryOptions, Pause, Rung, compile};
use rollout::revision::Revision;
use rollout::wire::{Agent, Protocol, Readiness, Service, StartRequest, Status, StatusWord};
use rollout::{Plan, RevisionId, Span, Weight};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::supervisor::fake_service;

pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_devops-flow-agent");

/// Long enough for any machine; only waited for in full when a test fails.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);

pub(super) struct Rig {
    pub(super) directory: TempDir,
    pub(super) client: Client,
    pub(super) port: u16,
    agents: Vec<Child>,
}

impl Rig {
    /// A state directory without an agent.
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let client = Client::at(directory.path());
        Self { directory, client, port: free_port(), agents: Vec::new() }
    }

    /// A state directory with an agent.
    pub(super) async fn started() -> Self {
        let mut rig = Self::new();
        rig.start().await;
        rig
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The agent's program, with its output in a file.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let log = File::options().create(true).append(true).open(self.path().join("test.log")).unwrap();
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .env(STATE_DIR, self.path())
            .env("DEVOPSFLOW_LOG", "agent=debug,rollout_runner=debug,info")
            .stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    /// Starts an agent and waits until it answers.
    pub(super) async fn start(&mut self) -> Agent {
        self.run(&["run"]).await
    }

    pub(super) async fn run(&mut self, args: &[&str]) -> Agent {
        let child = self.command(args).spawn().unwrap();
        let pid = child.id();
        self.agents.push(child);
        self.until("the agent answers", async |rig| {
            let agent = rig.client.hello().await.ok().filter(|agent| agent.pid == pid);
            assert!(agent.is_some() || rig.agents.last_mut().unwrap().try_wait().unwrap().is_none(), "{}", rig.log());
            agent
        })
        .await
    }

    /// Kills the agent that was started last.
    pub(super) fn kill(&mut self) {
        let mut agent = self.agents.pop().unwrap();
        agent.kill().unwrap();
        agent.wait().unwrap();
    }

    /// Waits until an agent has ended.
    pub(super) async fn ended(&mut self, index: usize) -> std::process::ExitStatus {
        let status = self.until("the agent ends", async |rig| rig.agents[index].try_wait().unwrap()).await;
        self.agents.remove(index).wait().unwrap();
        status
    }

    pub(super) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.path().join("test.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().filter(|line| !line.contains("asked")).collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Polls until there is something.
    pub(super) async fn until<T>(&mut self, text: &str, mut what: impl AsyncFnMut(&mut Self) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = what(self).await {
                return found;
            }
            if Instant::now() > deadline {
                let list = self.client.list().await;
                panic!("never: {text}\n{list:#?}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The service, which there is.
    pub(super) async fn status(&self) -> Status {
        self.client.status("api").await.unwrap().expect("the service")
    }

    /// Waits until the service's status is like that.
    pub(super) async fn reaches(&mut self, text: &str, what: impl Fn(&Status) -> bool) -> Status {
        self.until(text, async |rig| rig.client.status("api").await.ok().flatten().filter(&what)).await
    }

    /// Waits until a version serves everybody and nothing goes on.
    pub(super) async fn settles(&mut self, version: &str, word: StatusWord) -> Status {
        let text = format!("{version} has all traffic and the service is {word:?}");
        self.reaches(&text, |status| {
            let stable = status.stable.as_ref();
            let all = stable.map(|stable| rollout::weight::all_to(&stable.id));
            status.status == word
                && all.as_ref() == Some(&status.weights)
                && stable.is_some_and(|stable| stable.revision.version == version && status.fleet.len() == 1)
                && stable.and_then(|stable| status.fleet.get(&stable.id)).is_some_and(|fleet| {
                    (fleet.desired, fleet.ready, fleet.running)
                        == (status.service.replicas, fleet.desired, fleet.desired)
                })
        })
        .await
    }

    pub(super) fn service(&self, replicas: u32) -> Service {
        service("api", self.port, replicas, self.path())
    }

    /// A request to bring a version of the fake service to its users.
    pub(super) async fn request(&self, version: &str, flags: &[&str]) -> StartRequest {
        let generation = self.client.status("api").await.unwrap().map_or(0, |status| status.generation);
        let service = fake_service();
        let command = [&[service.to_str().unwrap(), "--version", "{version}"], flags].concat();
        StartRequest {
            service: self.service(2),
            revision: revision(version, &command),
            plan: plan(&[], &[]),
            expect_generation: generation,
            retry_token: None,
            retry_blocked: false,
        }
    }

    /// Brings a version to all users.
    pub(super) async fn deploy(&mut self, version: &str, flags: &[&str]) -> Status {
        let request = self.request(version, flags).await;
        self.client.start(request).await.unwrap();
        self.settles(version, StatusWord::Healthy).await
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The processes of all replicas, in order.
    pub(super) fn replicas(&self) -> Vec<Marked> {
        let Ok(id) = std::fs::read_to_string(self.path().join("agent-id")) else { return Vec::new() };
        let mut marked = find_marked(id.trim()).unwrap();
        marked.sort_by_key(|marked| marked.pid);
        marked
    }

    /// The processes of a revision's replicas by number.
    pub(super) fn pids(&self, revision: &RevisionId) -> BTreeMap<u32, i32> {
        let all = self.replicas().into_iter().filter(|marked| marked.marker.revision == revision.as_str());
        all.map(|marked| (marked.marker.index, marked.pid)).collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for agent in &mut self.agents {
            let _ = agent.kill();
            let _ = agent.wait();
        }
        // One that was started on demand is nobody's child.
        agents_of(self.path()).into_iter().for_each(end);
        let deadline = Instant::now() + DEADLINE;
        loop {
            let replicas = self.replicas();
            if replicas.is_empty() || Instant::now() > deadline {
                return;
            }
            for replica in replicas {
                end(replica.pid);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The processes whose environment names this state directory.
pub(super) fn agents_of(directory: &Path) -> Vec<i32> {
    let variable = format!("{STATE_DIR}={}", directory.display());
    let is_of = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    };
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    processes.filter(is_of).collect()
}

pub(super) fn end(pid: i32) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}

/// A port below those that replicas get and those that the system hands out.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = u16::try_from(std::process::id() % 700).unwrap() * 10;
    loop {
        let port = 2_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % 7_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

pub(super) fn service(name: &str, port: u16, replicas: u32, directory: &Path) -> Service {
    Service {
        name: name.to_owned(),
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port,
        replicas,
        working_dir: PathBuf::from(directory),
        drain: Span::from_secs(30),
        abort_drain: Span::from_secs(5),
        stop_timeout: Span::from_secs(10),
        trusted_proxies: Vec::new(),
        log_limit: 1 << 20,
        metrics_port: None,
        history_limit: 10,
        rollback_window: 0,
    }
}

pub(super) fn revision(version: &str, command: &[&str]) -> Revision {
    Revision {
        version: version.to_owned(),
        command: command.iter().map(|&part| part.to_owned()).collect(),
        env: BTreeMap::new(),
        readiness: Readiness {
            path: Some("/healthz".to_owned()),
            interval: Span::from_millis(100),
            timeout: Span::from_secs(5),
            failures: 3,
        },
        protocol: Protocol::Http1,
    }
}

/// A ladder of (percent, milliseconds), and gates on errors of these names.
pub(super) fn plan(rungs: &[(u16, u64)], gates: &[&str]) -> Plan {
    let rung = |(percent, millis): &(u16, u64)| Rung {
        weight: Weight::from_basis_points(percent * 100).unwrap(),
        pause: Some(Pause::Elapsed(Span::from_millis(*millis))),
    };
    let all = Rung { weight: Weight::ALL, pause: None };
    let steps = rungs.iter().map(rung).chain([all]).collect();
    let gate = |name: &&str| Gate {
        name: (*name).to_owned(),
        metric: Metric::ErrorRate(ErrorLimits { max_ratio_to_baseline: Some(2.0), max: None, min_samples: 1 }),
        no_data: NoData::Pass,
        dry_run: false,
        interval: Span::from_millis(200),
        initial_delay: Span::ZERO,
    };
    let limits = Limits {
        progress_deadline: Span::from_mins(5),
        abort_on_deadline: true,
        retain: Span::ZERO,
        gates: gates.iter().map(gate).collect(),
        ..Limits::default()
    };
    compile(&CanaryOptions { steps }, limits).unwrap()
}

/// What the agent answered that it did not do.
#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> rollout::wire::Error {
    match answer {
        Err(Error::Agent(error)) => error,
        other => panic!("not refused by the agent: {other:?}"),
    }
}
