//! Finds or starts the agent, sends it commands and follows its events.
//!
//! ```no_run
//! # async fn run() -> Result<(), agent_client::Error> {
//! let client = agent_client::Client::from_env()?;
//! client.ensure().await?; // starts the agent where none runs
//! for status in client.list().await? {
//!     println!("{}: {:?}", status.service.name, status.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//! A call that returns [`Error::Lost`] may or may not have been carried out; after every other error nothing was. Calls may run
//! concurrently. The agent that is spoken to belongs to the same user.

mod error;
mod events;
mod launch;
mod paths;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rollout::machine::{Action, Policy};
use rollout::wire::{Agent, Answer, Ended, Envelope, MAX_LINE, Request, Service, StartRequest, Status, VERSION};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

pub use error::Error;
pub use events::{Events, Logs};
pub use launch::{BUILD_SERVER, INSTALL, TAKEN, program};
pub use paths::{LOG, SOCKET, STATE_DIR, state_dir};

/// How long a client waits for the agent to take its connection and to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one agent may take to leave its place to another.
const HANDOVER: Duration = Duration::from_secs(10);
/// How often it is asked again meanwhile.
const AGAIN: Duration = Duration::from_millis(50);

/// The way to the agent of one state directory.
#[derive(Clone, Debug)]
pub struct Client {
    state_dir: PathBuf,
}

impl Client {
    /// The agent of this user: that of `DEVOPSFLOW_STATE_DIR`, or of the default state directory.
    pub fn from_env() -> Result<Self, Error> {
        state_dir().map(Self::at)
    }

    /// The agent of a state directory.
    pub fn at(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into() }
    }

    /// The state directory.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Who is there. [`Error::NotRunning`] when nobody is.
    pub async fn hello(&self) -> Result<Agent, Error> {
        match self.ask(Request::Hello).await? {
            Answer::Hello(agent) => Ok(agent),
            other => Err(unexpected(other)),
        }
    }

    /// Sees to it that an agent runs that this client can speak with. One that speaks an older version of the interface is
    /// replaced, and hands over what it serves; one that speaks a newer version is an error.
    pub async fn ensure(&self) -> Result<Agent, Error> {
        match self.hello().await {
            Ok(agent) if agent.interface == VERSION => Ok(agent),
            Ok(agent) if agent.interface > VERSION => {
                Err(Error::Newer { agent: agent.interface, release: agent.release })
            }
            Ok(_) | Err(Error::NotRunning { .. }) => launch::launch(self).await,
            Err(error) => Err(error),
        }
    }

    /// Brings a revision of a service to its users.
    pub async fn start(&self, request: StartRequest) -> Result<Status, Error> {
        self.status_of(Request::Start(Box::new(request))).await
    }

    /// Changes what of a service applies in place.
    pub async fn configure(&self, service: Service, expect_generation: u64) -> Result<Status, Error> {
        self.status_of(Request::Configure { service: Box::new(service), expect_generation }).await
    }

    /// What a service is now; `None` when the agent has no such service.
    pub async fn status(&self, service: &str) -> Result<Option<Status>, Error> {
        match self.status_of(Request::Status { service: service.to_owned() }).await {
            Ok(status) => Ok(Some(status)),
            Err(Error::Agent(rollout::wire::Error::NotFound(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What every service is now.
    pub async fn list(&self) -> Result<Vec<Status>, Error> {
        match self.ask(Request::List).await? {
            Answer::List(list) => Ok(list),
            other => Err(unexpected(other)),
        }
    }

    /// The rollouts of a service that ended, newest first.
    pub async fn history(&self, service: &str) -> Result<Vec<Ended>, Error> {
        match self.ask(Request::History { service: service.to_owned() }).await? {
            Answer::History(history) => Ok(history),
            other => Err(unexpected(other)),
        }
    }

    /// Steers a rollout.
    pub async fn steer(&self, service: &str, action: Action, rollout_id: Option<String>) -> Result<Status, Error> {
        self.status_of(Request::Steer { service: service.to_owned(), action, rollout_id }).await
    }

    /// Applies what was agreed for a client that stops watching.
    pub async fn leave(&self, service: &str, rollout_id: &str, policy: Policy) -> Result<Status, Error> {
        let (service, rollout_id) = (service.to_owned(), rollout_id.to_owned());
        self.status_of(Request::Leave { service, rollout_id, policy }).await
    }

    /// Says that the outcome of this generation was recorded.
    pub async fn acknowledge(&self, service: &str, generation: u64) -> Result<Status, Error> {
        self.status_of(Request::Acknowledge { service: service.to_owned(), generation }).await
    }

    /// Ends a service; one that does not exist is ended already.
    pub async fn remove(&self, service: &str) -> Result<(), Error> {
        match self.ask(Request::Remove { service: service.to_owned() }).await {
            Ok(Answer::Done) | Err(Error::Agent(rollout::wire::Error::NotFound(_))) => Ok(()),
            Ok(other) => Err(unexpected(other)),
            Err(error) => Err(error),
        }
    }

    /// Ends the agent. With `replicas` what it runs is drained and stopped, too.
    pub async fn stop(&self, replicas: bool) -> Result<(), Error> {
        match self.ask(Request::Stop { replicas }).await? {
            Answer::Done => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Every event after the given one, then each as it comes.
    pub async fn watch(&self, service: Option<&str>, after: u64) -> Result<Events, Error> {
        let request = Request::Watch { service: service.map(str::to_owned), after };
        self.send(request).await.map(Events::new)
    }

    /// The last lines that the replicas of a service wrote.
    pub async fn logs(
        &self,
        service: &str,
        revision: Option<rollout::RevisionId>,
        lines: u32,
        follow: bool,
    ) -> Result<Logs, Error> {
        self.send(Request::Logs { service: service.to_owned(), revision, lines, follow }).await.map(Logs::new)
    }

    async fn status_of(&self, request: Request) -> Result<Status, Error> {
        match self.ask(request).await? {
            Answer::Status(status) => Ok(*status),
            other => Err(unexpected(other)),
        }
    }

    /// One request with one answer. While one agent leaves its place to another it is asked again: nothing was done then.
    async fn ask(&self, request: Request) -> Result<Answer, Error> {
        let until = tokio::time::Instant::now() + HANDOVER;
        let mut leaving = false;
        loop {
            let answer = self.ask_once(request.clone()).await;
            match &answer {
                Err(Error::Agent(rollout::wire::Error::Ending)) => leaving = true,
                Err(Error::NotRunning { .. }) if leaving => {}
                _ => return answer,
            }
            if tokio::time::Instant::now() > until {
                return answer;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn ask_once(&self, request: Request) -> Result<Answer, Error> {
        // Ending a service waits for requests in flight; everything else is answered at once.
        let patience =
            if matches!(request, Request::Remove { .. } | Request::Stop { .. }) { None } else { Some(PATIENCE) };
        let mut lines = self.send(request).await?;
        let answer = match patience {
            Some(patience) => tokio::time::timeout(patience, lines.next())
                .await
                .map_err(|_| Error::Lost { reason: format!("no answer within {} s", patience.as_secs()) })?,
            None => lines.next().await,
        };
        answer?.ok_or_else(|| Error::Lost { reason: "the agent closed the connection without an answer".to_owned() })
    }

    async fn send(&self, request: Request) -> Result<Lines, Error> {
        let socket = self.socket()?;
        let mut stream = match UnixStream::connect(&socket).await {
            Ok(stream) => stream,
            Err(error)
                // An agent that ends at this moment resets the connection before it is taken.
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound
                        | std::io::ErrorKind::ConnectionRefused
                        | std::io::ErrorKind::ConnectionReset
                ) =>
            {
                return Err(Error::NotRunning { socket });
            }
            Err(source) => return Err(Error::Connect { socket, source }),
        };
        let owner = stream.peer_cred().map_err(|source| Error::Connect { socket: socket.clone(), source })?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(Error::Foreign { socket, owner });
        }
        let mut line = serde_json::to_vec(&Envelope { version: VERSION, request })
            .map_err(|error| Error::Unwritable { reason: error.to_string() })?;
        if line.len() >= MAX_LINE {
            return Err(Error::Unwritable { reason: format!("it is longer than {MAX_LINE} bytes") });
        }
        line.push(b'\n');
        stream.write_all(&line).await.map_err(|error| Error::Lost { reason: error.to_string() })?;
        Ok(Lines { stream: BufReader::new(stream) })
    }

    /// The socket, if its path fits into a socket's address.
    fn socket(&self) -> Result<PathBuf, Error> {
        let socket = self.state_dir.join(SOCKET);
        // sockaddr_un holds 108 bytes with the final zero (unix(7)).
        if socket.as_os_str().len() > 107 { Err(Error::LongPath { socket }) } else { Ok(socket) }
    }
}

/// The lines that the agent answers with.
#[derive(Debug)]
struct Lines {
    stream: BufReader<UnixStream>,
}

impl Lines {
    /// The next answer; `None` when there are no more.
    async fn next(&mut self) -> Result<Option<Answer>, Error> {
        let mut line = Vec::new();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let lost = |error: std::io::Error| Error::Lost { reason: error.to_string() };
        (&mut self.stream).take(limit).read_until(b'\n', &mut line).await.map_err(lost)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(Error::Lost { reason: "the answer ends in the middle".to_owned() });
        }
        match serde_json::from_slice(&line) {
            Ok(Answer::Error(error)) => Err(Error::Agent(error)),
            Ok(answer) => Ok(Some(answer)),
            Err(error) => Err(Error::Unreadable { reason: error.to_string() }),
        }
    }
}

fn unexpected(answer: Answer) -> Error {
    Error::Unreadable { reason: format!("an answer to something else: {answer:?}") }
}
