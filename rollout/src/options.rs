//! What a user says about a rollout. The documentation of every field is the documentation of its attribute.

mod check;
mod compile;
mod fields;
mod gate;
mod local;
mod strategy;

use framework::Attributes;

pub use check::validate;
pub use compile::{Compiled, compile, revision};
pub use gate::{Absence, GateMetric, GateOptions};
pub use local::{Local, LocalProtocol, LocalReadiness, Target};
pub use strategy::{Canary, Pause, Percent, Rung, Strategy};

use crate::Span;
use crate::machine::Policy;

/// A service on this machine whose new versions take over step by step, are watched, and are taken back when they are bad.
///
/// Apply starts the rollout and follows it to its end. The rollout itself runs in the agent of devops-flow, beside the traffic: when
/// terraform is interrupted or killed it goes on under its gates, and a bad version is taken back without anybody running anything.
/// An apply whose version did not win fails, and the state keeps naming the version that users have, so that the next plan shows
/// the difference again.
///
/// The values of `command` and `target.local.env` are shown in plans and stored: pass secrets by the name of a file.
#[derive(Clone, Debug, PartialEq, Attributes)]
#[attr(resource = "devopsflow_rollout", builder = Rollout, outputs = Outputs)]
pub struct Options {
    /// The name of the service, unique on the machine: lower-case letters, digits and `-`, at most 40 characters. Another name is another
    /// service.
    #[attr(replace)]
    pub name: String,
    /// The version that users shall have. It stands for `{version}` in the command.
    pub version: String,
    /// Where the service runs, and what is run.
    pub target: Target,
    /// How a new version takes over. Leave out for a canary with 5 % for 10 minutes, 25 % for 10 minutes and 50 % for 15 minutes. A
    /// rollout that runs keeps the strategy that it began with.
    pub strategy: Option<Strategy>,
    /// What must hold for a new version to advance; one that fails takes it back. Leave out for the error rate at no more than twice that
    /// of the stable version; an empty list watches only that the replicas are ready and do not crash.
    pub gates: Option<Vec<GateOptions>>,
    /// Which gates must pass at the end of a step, as an expression over their names with `&&`, `||`, `!` and parentheses. Leave out for
    /// all of them.
    pub pass_when: Option<String>,
    /// What becomes of a rollout when terraform is interrupted: it is paused (gates go on, and after `pause_deadline` it is taken
    /// back), taken back, or goes on by itself. A terraform that is killed counts as `detach`.
    #[attr(default = OnInterrupt::Pause)]
    pub on_interrupt: OnInterrupt,
    /// What becomes of a version that was taken back before: apply refuses it until it or `retry_token` changes, or tries it again.
    #[attr(default = OnFailedVersion::Block)]
    pub on_failed_version: OnFailedVersion,
    /// What destroying the resource does to the service.
    #[attr(default = OnDestroy::Stop)]
    pub on_destroy: OnDestroy,
    /// Any text. A change of it makes a version that was taken back worth another try.
    pub retry_token: Option<String>,
    /// How long the replicas of a version may take to be ready.
    #[attr(default = Span::from_mins(10))]
    pub progress_deadline: Span,
    /// Whether a version that misses `progress_deadline` is taken back. If not, the rollout is degraded and goes on waiting.
    #[attr(default = true)]
    pub abort_on_deadline: bool,
    /// How long a rollout may be paused by a person, an interrupt or a gate that cannot tell before it is taken back.
    #[attr(default = Span::from_mins(24 * 60))]
    pub pause_deadline: Span,
    /// How long the replicas of the version before are kept after a promotion, for an instant way back.
    #[attr(default = Span::from_secs(30))]
    pub retain: Span,
    /// Returning to one of so many last versions skips the steps.
    #[attr(default = 1, range = 0..=10)]
    pub rollback_window: u32,
    /// How many rollouts that ended the agent remembers.
    #[attr(default = 10, range = 1..=100)]
    pub history_limit: u32,
    /// How long apply waits.
    pub timeouts: Option<Timeouts>,
}

/// How long apply waits for a rollout. When the time is over the rollout is treated as `on_interrupt` says.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Timeouts {
    /// For the first version. Leave out for `progress_deadline` and 10 minutes.
    pub create: Option<Span>,
    /// For every other version. Leave out for `max_duration` and 10 minutes; less than `max_duration` is an error at plan.
    pub update: Option<Span>,
}

/// What apply makes of a rollout, and what the service is now.
#[derive(Clone, Debug, PartialEq, Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// Where users reach the service.
    pub url: String,
    /// The version that the candidate of a running rollout has, or else the stable one.
    pub active_version: Option<String>,
    /// The version that all users have, or had when the running rollout began.
    pub stable_version: Option<String>,
    /// `healthy`, `progressing`, `paused`, `rolled_back`, `rollback_failed` or `held`.
    pub status: String,
    /// The share of the traffic that the candidate has, in percent; 100 when no rollout runs.
    pub weight: f64,
    /// The step that the rollout is at, from 0.
    pub step_index: u32,
    /// The rollout that runs or ran last.
    pub rollout_id: Option<String>,
    /// The steps, in words.
    pub ladder: Vec<String>,
    /// The longest that a rollout can take if nobody pauses it.
    pub max_duration: Span,
    /// The name of the machine that runs the service.
    pub host: String,
    /// The agent that runs the service.
    pub agent_id: String,
    /// The version that was taken back last, and why.
    pub last_failure: Option<LastFailure>,
}

/// A version that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct LastFailure {
    /// The version.
    pub version: String,
    /// The gate that failed. Null when a person, a deadline or a crash took it back.
    pub gate: Option<String>,
    /// What was measured.
    pub measured: String,
    /// What was allowed.
    pub threshold: String,
    /// When, in RFC 3339.
    pub at: String,
}

/// What becomes of a rollout whose terraform is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum OnInterrupt {
    /// It stops advancing until somebody resumes it; a gate that fails still takes it back.
    Pause,
    /// It is taken back.
    Rollback,
    /// It goes on by itself.
    Detach,
}

impl From<OnInterrupt> for Policy {
    fn from(policy: OnInterrupt) -> Self {
        match policy {
            OnInterrupt::Pause => Self::Pause,
            OnInterrupt::Rollback => Self::Rollback,
            OnInterrupt::Detach => Self::Detach,
        }
    }
}

/// What becomes of a version that was taken back before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum OnFailedVersion {
    /// Plan warns and apply refuses it.
    Block,
    /// Apply tries it again.
    Retry,
}

/// What destroying the resource does to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum OnDestroy {
    /// Its replicas are drained and stopped, and its port is closed.
    Stop,
    /// It runs on, and the agent keeps it.
    Release,
}
