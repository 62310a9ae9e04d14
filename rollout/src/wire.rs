//! What clients and the agent say to each other.
//!
//! One connection carries one request: the client sends a line of JSON, an [`Envelope`], and reads lines of JSON, each an
//! [`Answer`]. All answers but those of [`Request::Watch`] and [`Request::Logs`] are one line. The version of the interface,
//! [`VERSION`], rises when an old client or agent could misunderstand the other.

mod event;
mod service;
mod status;

use serde::{Deserialize, Serialize};

pub use event::{Happening, LogLine, Recorded};
pub use service::{Protocol, Readiness, Service};
pub use status::{Blocked, Deployed, Ended, Failure, GateStatus, Outcome, PauseReason, Phase, Status, StatusWord};

use crate::machine::{Action, Policy, Refused};
use crate::revision::Revision;
use crate::{Millis, Plan, RevisionId};

/// The version of this interface.
pub const VERSION: u32 = 1;

/// The longest line that either side accepts, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// A request with the version under which it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of the interface that the client speaks.
    pub version: u32,
    /// What it asks.
    pub request: Request,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Who is there?
    Hello,
    /// Brings a revision of a service to its users. Answered by [`Answer::Status`] when the rollout is recorded.
    Start(Box<StartRequest>),
    /// Changes what applies in place. Answered by [`Answer::Status`] when it is in effect, or with why it cannot be.
    Configure {
        /// The new settings.
        service: Box<Service>,
        /// The generation that the client saw.
        expect_generation: u64,
    },
    /// What every service is now.
    List,
    /// What one service is now.
    Status {
        /// Its name.
        service: String,
    },
    /// The rollouts of a service that ended, newest first.
    History {
        /// Its name.
        service: String,
    },
    /// Steers a rollout.
    Steer {
        /// The service.
        service: String,
        /// What to do.
        action: Action,
        /// The rollout that is meant; any when absent.
        rollout_id: Option<String>,
    },
    /// Applies what was agreed for a client that stops.
    Leave {
        /// The service.
        service: String,
        /// The rollout that the client watched.
        rollout_id: String,
        /// What was agreed.
        policy: Policy,
    },
    /// Says that the outcome of this generation was recorded by a client.
    Acknowledge {
        /// The service.
        service: String,
        /// The generation.
        generation: u64,
    },
    /// Every event of a service after the given one, then each as it comes, until the connection ends.
    Watch {
        /// The service; all when absent.
        service: Option<String>,
        /// The last event that the client knows; 0 for all that are kept.
        after: u64,
    },
    /// Ends a service: drains and stops its replicas, closes its port and forgets it.
    Remove {
        /// Its name.
        service: String,
    },
    /// The last lines that replicas wrote, then [`Answer::Done`] unless they are followed.
    Logs {
        /// The service.
        service: String,
        /// Of one revision only.
        revision: Option<RevisionId>,
        /// How many lines of each replica.
        lines: u32,
        /// Whether to send what is written from now on, too, until the connection ends.
        follow: bool,
    },
    /// Hands everything over to the agent that asks, of whatever version: the journal is closed, the listeners are sent with
    /// `SCM_RIGHTS`, and what is in flight is served to its end.
    TakeOver,
    /// Ends the agent. Replicas run on and are adopted by the next one unless `replicas` says to end them too.
    Stop {
        /// Whether to drain and stop the replicas of all services, which stay recorded.
        replicas: bool,
    },
}

/// A rollout to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// The service and its settings. They take effect with the rollout.
    pub service: Service,
    /// What shall run.
    pub revision: Revision,
    /// How it takes over. Without a stable revision it starts without the ladder.
    pub plan: Plan,
    /// The generation that the client saw when it planned; 0 when there was no such service.
    pub expect_generation: u64,
    /// Distinguishes deliberate tries of a revision that was taken back before.
    pub retry_token: Option<String>,
    /// Whether a blocked revision is tried all the same.
    pub retry_blocked: bool,
}

/// What the agent answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// To [`Request::Hello`].
    Hello(Agent),
    /// What a service is now.
    Status(Box<Status>),
    /// What every service is now.
    List(Vec<Status>),
    /// The rollouts that ended.
    History(Vec<Ended>),
    /// An event.
    Event(Box<Recorded>),
    /// A piece of log.
    Log(LogLine),
    /// Done, and nothing to say.
    Done,
    /// It was not done.
    Error(Error),
}

/// Who the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The version of its interface.
    pub interface: u32,
    /// Its release.
    pub release: String,
    /// Identifies its state directory, for as long as that exists.
    pub agent_id: String,
    /// The name of the machine.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// Since when it runs.
    pub started: Millis,
    /// The variable that shows that a build server started it, which ends it with its job.
    pub build_server: Option<String>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Error {
    /// The other side speaks a version that this one does not know.
    #[error("the agent speaks version {agent} of its interface and was asked in version {client}")]
    Version {
        /// The version that the agent speaks.
        agent: u32,
        /// The version of the request.
        client: u32,
    },
    /// The request cannot be read.
    #[error("the agent cannot read the request: {0}")]
    Malformed(String),
    /// There is no service of this name.
    #[error("the agent has no service {0:?}")]
    NotFound(String),
    /// The machine refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something about the request cannot work.
    #[error("{what}: {why}")]
    Invalid {
        /// The attribute, such as `target.local.port`.
        what: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// The disk is full: what runs is served on, new rollouts are refused.
    #[error("the disk of the agent is full, so nothing new is begun: {0}")]
    DiskFull(String),
    /// The agent is ending.
    #[error("the agent is ending; ask again")]
    Ending,
    /// Something failed that should not.
    #[error("the agent failed: {0}")]
    Internal(String),
}
