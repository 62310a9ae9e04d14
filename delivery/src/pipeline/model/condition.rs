//! When a job runs.

use super::JobId;

/// A condition on what started the pipeline and on what happened in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Condition {
    /// All of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// It was started by that.
    Event(Event),
    /// It runs for that branch.
    Branch(String),
    /// It runs for a tag.
    Tag,
    /// A job that this one needs failed, or did not get to run.
    NotSucceeded(JobId),
    /// An output of a job that this one needs has that value.
    Output(JobId, &'static str, &'static str),
    /// Everybody can see the repository.
    PublicRepository,
}

impl Condition {
    /// All of `conditions`; of one, just that.
    pub(in crate::pipeline) fn all(mut conditions: Vec<Self>) -> Option<Self> {
        if conditions.len() > 1 { Some(Self::All(conditions)) } else { conditions.pop() }
    }

    /// At least one of `conditions`; of one, just that.
    pub(in crate::pipeline) fn any(mut conditions: Vec<Self>) -> Option<Self> {
        if conditions.len() > 1 { Some(Self::Any(conditions)) } else { conditions.pop() }
    }

    /// The opposite.
    pub(in crate::pipeline) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// What starts a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Event {
    /// Commits or a tag were pushed.
    Push,
    /// A pull request was opened or changed.
    PullRequest,
    /// A person started it.
    Manual,
    /// It was time.
    Schedule,
}
