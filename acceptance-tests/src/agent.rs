//! The agent of a sandbox and what it runs. It clears its environment, so that it is found by its state directory and its
//! replicas by the name that the agent gives them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use agent_client::Client;
use fs_err as fs;
use rollout::wire::{Ended, Status};

use crate::processes::poll_for;
use crate::{Finished, Process, Sandbox, Signal, poll, programs};

/// The file in the state directory that names the agent.
const IDENTITY: &str = "agent-id";

impl Sandbox {
    /// The state directory of the agent.
    pub fn state_dir(&self) -> PathBuf {
        self.root().join("agent")
    }

    /// Runs `devops-flow` to its end. Whether it succeeds is for the caller to say.
    #[track_caller]
    pub fn flow(&self, args: &[&str]) -> Finished {
        self.spawn_flow(args).finish()
    }

    /// Starts `devops-flow`.
    pub fn spawn_flow(&self, args: &[&str]) -> crate::Running<'_> {
        self.spawn_program(&programs::command(), args)
    }

    /// Asks the agent. A [`Client`] is made for every question, as every question is a connection of its own.
    pub fn ask_agent<T>(&self, ask: impl AsyncFnOnce(Client) -> T) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(ask(Client::at(self.state_dir())))
    }

    /// What a service is now; none when there is no such service, or nobody to ask.
    pub fn try_status(&self, service: &str) -> Option<Status> {
        self.ask_agent(async |client| client.status(service).await).ok().flatten()
    }

    /// What a service is now.
    #[track_caller]
    pub fn status(&self, service: &str) -> Status {
        self.try_status(service).unwrap_or_else(|| panic!("the agent says nothing of {service}"))
    }

    /// The rollouts of a service that ended, newest first.
    #[track_caller]
    pub fn history(&self, service: &str) -> Vec<Ended> {
        self.ask_agent(async |client| client.history(service).await).expect("the agent knows the service")
    }

    /// Waits until a service is as it should be, and says how it is.
    #[track_caller]
    pub fn wait_for(&self, service: &str, what: &str, holds: impl Fn(&Status) -> bool) -> Status {
        let mut last = None;
        let held = poll_for(|| {
            last = self.try_status(service);
            last.clone().filter(&holds)
        });
        held.unwrap_or_else(|| panic!("waited in vain for {what}: {last:#?}"))
    }

    /// The process of the agent, if it runs.
    pub fn agent(&self) -> Option<Process> {
        let entry = format!("{}={}", agent_client::STATE_DIR, self.state_dir().display());
        // The provider and the command are told of the directory, too.
        Process::with(|found| found == entry.as_bytes()).into_iter().find(Process::is_agent)
    }

    /// The processes of the services that the agent runs, those that they started included.
    pub fn replicas(&self) -> Vec<Process> {
        let Ok(id) = fs::read_to_string(self.state_dir().join(IDENTITY)) else { return Vec::new() };
        let entry = format!("DEVOPSFLOW_REPLICA={}/", id.trim());
        Process::with(|found| found.starts_with(entry.as_bytes()))
    }

    /// The providers that run, those of all commands.
    pub fn providers(&self) -> Vec<Process> {
        Process::marked(&self.mark(None)).into_iter().filter(Process::is_provider).collect()
    }

    /// Kills the agent as a crash would, and waits for its end. Replicas run on.
    #[track_caller]
    pub fn kill_agent(&self) {
        let agent = self.agent().expect("an agent runs");
        agent.signal(Signal::KILL);
        poll("the agent to be gone", || agent.is_gone().then_some(()));
    }

    /// Ends the agent in order, with what it runs.
    #[track_caller]
    pub(crate) fn end_agent(&self) {
        let Some(agent) = self.agent() else {
            let left = self.replicas();
            assert!(left.is_empty(), "still running without an agent: {left:?}");
            return;
        };
        let services = self.ask_agent(async |client| client.list().await).expect("the agent answers");
        if services.is_empty() {
            // What was removed was waited for; a process that is killed may take a moment to be gone.
            poll("the replicas of removed services to be gone", || self.replicas().is_empty().then_some(()));
        }
        self.flow(&["agent", "stop", "--replicas"]).expect_success();
        poll("the agent to be gone", || agent.is_gone().then_some(()));
        poll("its replicas to be gone", || self.replicas().is_empty().then_some(()));
    }

    /// Ends at once the agent and what it runs, whatever happened.
    pub(crate) fn kill_all(&self) {
        // The agent first, or it starts anew what is killed.
        while let Some(agent) = self.agent() {
            agent.signal(Signal::KILL);
        }
        for replica in self.replicas() {
            replica.signal(Signal::KILL);
        }
    }
}

/// A port of 127.0.0.1 that nobody listens on, below those that agents and systems hand out by themselves.
pub fn free_port() -> u16 {
    const PORTS: std::ops::Range<u16> = 2_000..10_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run side by side begin at different places.
    let first = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(PORTS.end - PORTS.start)).unwrap_or(0);
    for _ in PORTS {
        let offset = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        let port = PORTS.start + offset;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free")
}
