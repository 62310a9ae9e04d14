//! Gates: what was measured, turned into a verdict on the candidate.
//!
//! A [`Gate`] is part of the frozen plan. Its host hands it what was measured in each interval; the gate keeps [`Evidence`],
//! which survives a restart, and gives a [`Verdict`].

pub mod error_rate;
pub mod http;

use serde::{Deserialize, Serialize};

use crate::Span;

/// A gate of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name, unique within the plan.
    pub name: String,
    /// What it measures and allows.
    pub metric: Metric,
    /// What an absence of data counts as.
    pub no_data: NoData,
    /// Whether it only reports and never decides.
    pub dry_run: bool,
    /// How often it is evaluated.
    pub interval: Span,
    /// How long after the candidate's first traffic it starts to count.
    pub initial_delay: Span,
}

/// What a gate measures and allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Metric {
    /// The share of requests that fail.
    ErrorRate(error_rate::Limits),
    /// The answer of the candidate to a request of the gate's own.
    Http(http::Probe),
}

/// What an absence of data counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoData {
    /// No requests on either side pass; traffic on stable with too little on the candidate is inconclusive; a source that
    /// cannot be reached is an error.
    #[default]
    Default,
    /// It cannot tell.
    Inconclusive,
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// It is an error.
    Error,
}

/// What a gate says, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The candidate is bad.
    Fail,
    /// It could not be measured.
    Error,
    /// It was measured, but a person has to decide.
    Inconclusive,
    /// There is too little data.
    NoData,
    /// The candidate is good enough.
    Pass,
}

/// What a gate says and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// What was measured, for people: `12 of 100 requests failed (12 %), stable 0.1 %`.
    pub measured: String,
    /// What is allowed, for people: `at most 2 times the rate of stable`.
    pub threshold: String,
}

/// What a gate keeps over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Evidence {
    /// Of [`Metric::ErrorRate`].
    ErrorRate(error_rate::Evidence),
    /// Of [`Metric::Http`].
    Http(http::Evidence),
}
