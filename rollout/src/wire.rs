//! What clients and the agent say to each other.
//!
//! One connection carries one request: the client sends a line of JSON, an [`Envelope`], and reads lines of JSON, each an
//! [`Answer`]. All answers but those of [`Request::Watch`] and [`Request::Logs`] are one line. The version of the interface,
//! [`VERSION`], rises when an old client or agent could misunderstand the other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::machine::{Action, Policy, Refused};
use crate::revision::Revision;
use crate::{Millis, Plan, RevisionId, Span, Weight, Weights};

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
    /// The last lines that replicas wrote.
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

/// What a service is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Its settings.
    pub service: Service,
    /// Who runs it.
    pub agent_id: String,
    /// The name of the machine that runs it.
    pub host: String,
    /// Rises with every change that a plan could depend on.
    pub generation: u64,
    /// The last generation whose outcome a client recorded.
    pub acknowledged: u64,
    /// What it does.
    pub phase: Phase,
    /// One word for it.
    pub status: StatusWord,
    /// Why it does not advance, when it does not.
    pub paused: Vec<PauseReason>,
    /// Whether something is amiss that may mend itself, such as a missed progress deadline.
    pub degraded: Option<String>,
    /// The revision that all users have, or had before the rollout.
    pub stable: Option<Deployed>,
    /// The revision that is on its way.
    pub candidate: Option<Deployed>,
    /// The weights in effect.
    pub weights: Weights,
    /// The share of the candidate in effect.
    pub weight: Weight,
    /// The rung of the ladder, from 0.
    pub step_index: u32,
    /// How many rungs the ladder has.
    pub step_count: u32,
    /// The rollout, running or last.
    pub rollout_id: Option<String>,
    /// When it began.
    pub started: Option<Millis>,
    /// The revision that was taken back last.
    pub last_failure: Option<Failure>,
    /// Revisions that are not tried again without being asked to.
    pub blocked: Vec<Blocked>,
    /// Replicas, by revision.
    pub fleet: BTreeMap<RevisionId, crate::machine::Fleet>,
    /// The gates of the running rollout and what they said last.
    pub gates: Vec<GateStatus>,
    /// The number of the last event.
    pub last_event: u64,
}

/// A revision that was deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its name.
    pub id: RevisionId,
    /// What it runs.
    pub revision: Revision,
    /// The SHA-256 of its executable when it was first started, in hexadecimal.
    pub executable: Option<String>,
}

/// A revision that is not tried again without being asked to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blocked {
    /// The revision.
    pub revision: RevisionId,
    /// The token with which it was tried.
    pub retry_token: Option<String>,
}

/// One word for what a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// The stable revision has all traffic and the last rollout promoted it.
    Healthy,
    /// A rollout runs.
    Progressing,
    /// A rollout runs and waits for somebody.
    Paused,
    /// The stable revision has all traffic and the last rollout was taken back.
    RolledBack,
    /// Taking back failed; see the weights.
    RollbackFailed,
    /// A promotion failed past the point of no return; the healthy side keeps the traffic and a person is needed.
    Held,
}

/// What a rollout does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing.
    Idle,
    /// Waits for the candidate's replicas to be ready.
    Preparing,
    /// Moves traffic.
    Shifting,
    /// Waits for the end of a pause and for the gates.
    Holding,
    /// Past the point of no return: the candidate becomes stable.
    Promoting,
    /// All traffic is on the new revision, and the old one is kept for a while.
    Baking,
    /// Brings the stable revision back to strength before traffic returns to it.
    RestoringStable,
    /// Moves traffic back, drains the candidate and retires it.
    TakingBack,
}

/// Why a rollout does not advance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// A person asked for it.
    Operator,
    /// The client that started it was interrupted.
    Interrupted,
    /// The step waits for a person.
    Approval,
    /// A gate cannot tell.
    Inconclusive {
        /// The gate.
        gate: String,
    },
    /// A gate could not measure several times in a row.
    Errors {
        /// The gate.
        gate: String,
    },
}

/// A revision that was taken back, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Its version.
    pub version: String,
    /// Its revision.
    pub revision: RevisionId,
    /// The gate that failed; absent when a person, a deadline or a crash took it back.
    pub gate: Option<String>,
    /// What was measured, for people.
    pub measured: String,
    /// What was allowed, for people.
    pub threshold: String,
    /// Why, in one sentence.
    pub reason: String,
    /// When.
    pub at: Millis,
}

/// A gate of the running rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateStatus {
    /// Its name.
    pub name: String,
    /// What it said last; absent before the first evaluation.
    pub verdict: Option<crate::gate::Verdict>,
}

/// A rollout that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The rollout.
    pub rollout_id: String,
    /// The version that it was to bring.
    pub version: String,
    /// Its revision.
    pub revision: RevisionId,
    /// The revision that was stable when it began.
    pub from: Option<RevisionId>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started: Millis,
    /// When it ended.
    pub ended: Millis,
    /// How long people paused it.
    pub paused: Span,
    /// The highest share that it had.
    pub highest_weight: Weight,
    /// Why it was taken back.
    pub failure: Option<Failure>,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It climbed the whole ladder.
    Promoted,
    /// A person promoted it before the end of the ladder.
    FastPromoted,
    /// A gate, a deadline or a crash took it back.
    RolledBack,
    /// A person or an interrupt took it back.
    Aborted,
    /// It returned to an earlier revision without the ladder.
    FastRolledBack,
    /// Another rollout took its place.
    Superseded,
    /// Taking it back failed.
    RollbackFailed,
    /// Its promotion failed past the point of no return.
    Held,
}

/// An event as the agent keeps and sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number; rises by one within an agent's state directory.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// The service.
    pub service: String,
    /// The rollout, when it belongs to one.
    pub rollout_id: Option<String>,
    /// What happened.
    pub happening: Happening,
}

/// What happened, for whoever watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Happening {
    /// A rollout began.
    Started {
        /// The version that it brings.
        revision: RevisionId,
        /// The stable revision.
        from: Option<RevisionId>,
    },
    /// The phase or the step changed.
    Advanced {
        /// The phase.
        phase: Phase,
        /// The rung, from 0.
        step_index: u32,
    },
    /// Weights took effect.
    Shifted {
        /// The weights.
        weights: Weights,
    },
    /// A gate's verdict changed.
    Judged {
        /// The gate.
        gate: String,
        /// The verdict.
        verdict: crate::gate::Verdict,
    },
    /// The rollout stopped advancing.
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// A reason to pause is gone.
    Resumed {
        /// Which.
        reason: PauseReason,
    },
    /// Something is amiss that may mend itself, or is no more.
    Degraded {
        /// What; absent when it mended itself.
        reason: Option<String>,
    },
    /// The candidate is being taken back.
    TakingBack {
        /// Why.
        failure: Failure,
    },
    /// A rollout ended.
    Ended(Box<Ended>),
    /// A replica changed: started, ready, not ready, ended.
    Replica {
        /// Its revision.
        revision: RevisionId,
        /// Its number within the revision.
        index: u32,
        /// What happened to it, for people.
        what: String,
    },
    /// A command to the target failed.
    Failed {
        /// Why.
        message: String,
    },
}

/// A piece of the log of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The revision.
    pub revision: RevisionId,
    /// The replica's number.
    pub index: u32,
    /// The line, without its end.
    pub line: String,
}
