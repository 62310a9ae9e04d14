//! The socket: one request a connection, a line of JSON each way.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rollout::wire::{Agent, Answer, Envelope, Error, MAX_LINE, Request, VERSION};
use rollout_runner::Host;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::logs;

/// The name of the socket until it takes the place of the one before.
const NEXT: &str = "agent.next";
/// How many clients are served at once; more wait.
const CLIENTS: usize = 256;
/// How long a client may take to send its request.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// How long it may take to read a line of the answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// How the agent is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is not.
    Not,
    /// Replicas run on.
    Leave,
    /// Replicas are drained and stopped.
    WithReplicas,
    /// Another agent has taken over.
    TakenOver,
}

/// What requests are answered from.
pub(crate) struct Server {
    pub(crate) host: Arc<Host>,
    pub(crate) me: Agent,
    pub(crate) logs: std::path::PathBuf,
    pub(crate) ending: watch::Sender<Ending>,
    /// Where an agent that wants to take over is sent.
    pub(crate) leaver: mpsc::Sender<std::os::unix::net::UnixStream>,
}

/// Binds the socket, in place of one that a killed agent left or that an agent that leaves still answers at: there is no moment
/// without one. The caller holds the lock of the state directory, so nobody else does this.
pub(crate) fn bind(socket: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    // As long as the socket's own name, for the path has a limit.
    let next = socket.with_file_name(NEXT);
    match std::fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The umask is 077, so that the socket is its owner's alone from its first moment.
    let listener = std::os::unix::net::UnixListener::bind(&next)?;
    listener.set_nonblocking(true)?;
    std::fs::set_permissions(&next, Permissions::from_mode(0o600))?;
    std::fs::rename(&next, socket)?;
    Ok(listener)
}

impl Server {
    /// Serves until the agent ends. One that has handed over sends clients on to the next until that one listens.
    pub(crate) async fn serve(self: Arc<Self>, listener: std::os::unix::net::UnixListener) -> io::Result<()> {
        let listener = UnixListener::from_std(listener)?;
        let places = Arc::new(Semaphore::new(CLIENTS));
        let mut ending = self.ending.subscribe();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = ending.wait_for(|ending| matches!(ending, Ending::Leave | Ending::WithReplicas)) => return Ok(()),
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: whoever holds them gives them back in time.
                    tracing::warn!(%error, "cannot accept a client");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
            let server = Arc::clone(&self);
            tokio::spawn(async move {
                if let Err(error) = server.client(stream).await {
                    tracing::debug!(%error, "a client was lost");
                }
                drop(place);
            });
        }
    }

    async fn client(&self, stream: UnixStream) -> io::Result<()> {
        let uid = stream.peer_cred()?.uid();
        if uid != rustix::process::geteuid().as_raw() && uid != 0 {
            tracing::warn!(uid, "a client of another user was refused");
            return Ok(());
        }
        let mut stream = BufReader::new(stream);
        let request = match tokio::time::timeout(REQUEST_TIME, read(&mut stream)).await {
            Ok(Ok(Some(request))) => request,
            Ok(Err(error)) => return write(&mut stream, &Answer::Error(error)).await,
            Ok(Ok(None)) | Err(_) => return Ok(()),
        };
        tracing::debug!(?request, "asked");
        if *self.ending.borrow() == Ending::TakenOver {
            return write(&mut stream, &Answer::Error(Error::Ending)).await;
        }
        match request {
            Request::Watch { service, after } => self.watch(&mut stream, service.as_deref(), after).await,
            Request::Logs { service, revision, lines, follow } => match self.host.status(&service) {
                Ok(_) => logs::send(&mut stream, &self.logs.join(&service), revision.as_ref(), lines, follow).await,
                Err(error) => write(&mut stream, &Answer::Error(error)).await,
            },
            Request::TakeOver => self.hand_over(stream).await,
            request => {
                let answer = self.answer(request).await.unwrap_or_else(Answer::Error);
                write(&mut stream, &answer).await
            }
        }
    }

    async fn answer(&self, request: Request) -> Result<Answer, Error> {
        let status = match request {
            Request::Hello => return Ok(Answer::Hello(self.me.clone())),
            Request::List => return self.host.list().map(Answer::List),
            Request::History { service } => return self.host.history(&service).map(Answer::History),
            Request::Remove { service } => {
                self.host.remove(&service).await?;
                return Ok(Answer::Done);
            }
            Request::Stop { replicas } => {
                self.ending.send_replace(if replicas { Ending::WithReplicas } else { Ending::Leave });
                return Ok(Answer::Done);
            }
            Request::Status { service } => self.host.status(&service)?,
            Request::Start(request) => self.host.start(*request).await?,
            Request::Configure { service, expect_generation } => {
                self.host.configure(*service, expect_generation).await?
            }
            Request::Steer { service, action, rollout_id } => self.host.steer(&service, action, rollout_id).await?,
            Request::Leave { service, rollout_id, policy } => self.host.leave(&service, rollout_id, policy).await?,
            Request::Acknowledge { service, generation } => self.host.acknowledge(&service, generation).await?,
            Request::Watch { .. } | Request::Logs { .. } | Request::TakeOver => {
                return Err(Error::Internal("an answer that goes on was asked for as one that does not".to_owned()));
            }
        };
        Ok(Answer::Status(Box::new(status)))
    }

    async fn watch(&self, stream: &mut BufReader<UnixStream>, service: Option<&str>, mut after: u64) -> io::Result<()> {
        let mut status = match service.map(|service| self.host.follow(service)).transpose() {
            Ok(status) => status,
            Err(error) => return write(stream, &Answer::Error(error)).await,
        };
        // Its end is that of the service.
        let mut removed = std::pin::pin!(async {
            match &mut status {
                Some(status) => while status.changed().await.is_ok() {},
                None => std::future::pending().await,
            }
        });
        let mut last = self.host.last_event();
        let mut ending = self.ending.subscribe();
        loop {
            last.mark_unchanged();
            for event in self.host.events(service, after) {
                after = event.seq;
                write(stream, &Answer::Event(Box::new(event))).await?;
            }
            let mut byte = [0];
            tokio::select! {
                changed = last.changed() => if changed.is_err() { return Ok(()) },
                _ = ending.wait_for(|ending| *ending != Ending::Not) => return Ok(()),
                () = &mut removed => return Ok(()),
                // Nothing is expected of the client; what can come is its end.
                _ = stream.read(&mut byte) => return Ok(()),
            }
        }
    }

    async fn hand_over(&self, stream: BufReader<UnixStream>) -> io::Result<()> {
        tracing::info!("another agent takes over");
        let stream = stream.into_inner().into_std()?;
        self.leaver.send(stream).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// What is looked at first, for a request of another version may not be readable at all.
#[derive(serde::Deserialize)]
struct Version {
    version: u32,
}

/// The request of a client; `None` when it sent nothing.
async fn read(stream: &mut BufReader<UnixStream>) -> Result<Option<Request>, Error> {
    let malformed = |error: &dyn std::fmt::Display| Error::Malformed(error.to_string());
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    stream.take(limit).read_until(b'\n', &mut line).await.map_err(|error| malformed(&error))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(malformed(&format_args!("a line of at most {MAX_LINE} bytes expected")));
    }
    let Version { version } = serde_json::from_slice(&line).map_err(|error| malformed(&error))?;
    // Whoever wants to know who is there, or to take over, may be of any version.
    let envelope = serde_json::from_slice::<Envelope>(&line).map_err(|error| malformed(&error));
    let any_version = matches!(&envelope, Ok(Envelope { request: Request::Hello | Request::TakeOver, .. }));
    if version != VERSION && !any_version {
        return Err(Error::Version { agent: VERSION, client: version });
    }
    envelope.map(|envelope| Some(envelope.request))
}

/// Sends an answer.
pub(crate) async fn write(stream: &mut BufReader<UnixStream>, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    tokio::time::timeout(ANSWER_TIME, stream.write_all(&line)).await?
}
