//! What environment variables and inputs are set to.

use super::{JobId, StepId};

/// A value that is known now, or that the platform fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Value {
    /// This text, and nothing in it means anything to the platform.
    Text(String),
    /// The secret of that name.
    Secret(String),
    /// An output of a step of the same job.
    Step(StepId, &'static str),
    /// An output of a job that this one needs.
    Job(JobId, &'static str),
    /// The version of the language that the job runs with, of its `versions`.
    LanguageVersion,
    /// The commit that is built.
    Commit,
    /// The branch or tag that is built.
    RefName,
}

impl Value {
    /// A text.
    pub(in crate::pipeline) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}
