//! What must hold for a new version to advance.

use framework::Attributes;

use crate::Span;
use crate::gate::NoData;

/// A gate.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub struct GateOptions {
    /// Its name, unique among the gates: lower-case letters, digits and `_`.
    pub name: String,
    /// What is measured.
    pub metric: GateMetric,
    /// `error_rate`: at most so many times the error rate of the stable version. A sequential test decides, with at most 1 % of false
    /// alarms over the whole rollout. 2 when neither this nor `max` is given.
    #[attr(range = 1.0..=1000.0)]
    pub max_ratio_to_baseline: Option<f64>,
    /// `error_rate`: at most this share of failed requests, between 0 and 1, tested in the same way.
    #[attr(range = 0.0..=1.0)]
    pub max: Option<f64>,
    /// `error_rate`: so many requests to the new version within a step are needed to pass it; never to fail it.
    #[attr(range = 0..)]
    pub min_samples: Option<u32>,
    /// `http`: the path that every ready replica of the new version is asked for with GET.
    pub path: Option<String>,
    /// `http`: the status code that is expected. Leave out for 200.
    #[attr(range = 100..=599)]
    pub expect_status: Option<u16>,
    /// `http`: how long an answer may take. Leave out for `1s`.
    pub timeout: Option<Span>,
    /// `http`: so many failures in a row fail the gate. Leave out for 3.
    #[attr(range = 1..=100)]
    pub failures: Option<u32>,
    /// How often it is evaluated.
    #[attr(default = Span::from_secs(1))]
    pub interval: Span,
    /// How long after the first traffic of the new version it starts to count, so that a warm-up is left out.
    #[attr(default = Span::ZERO)]
    pub initial_delay: Span,
    /// What an absence of data counts as. Leave out for: no requests on either side pass, too few on the new version alone are inconclusive.
    pub no_data: Option<Absence>,
    /// Whether it only reports and never decides.
    #[attr(default = false)]
    pub dry_run: bool,
}

/// What a gate measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum GateMetric {
    /// The share of requests that fail: answers 500 to 599, connections that fail or are cut, time that runs out, failed upgrades and
    /// the gRPC status codes 2, 4, 13, 14 and 15. A version that answers 404 everywhere passes.
    #[attr(name = "error_rate")]
    ErrorRate,
    /// The answer to a request of the gate's own.
    Http,
}

/// What an absence of data counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub enum Absence {
    /// A person decides.
    Inconclusive,
    /// The gate passes.
    Pass,
    /// The gate fails.
    Fail,
    /// The gate could not be evaluated; four times in a row pause the rollout.
    Error,
}

impl From<Option<Absence>> for NoData {
    fn from(absence: Option<Absence>) -> Self {
        match absence {
            None => Self::Default,
            Some(Absence::Inconclusive) => Self::Inconclusive,
            Some(Absence::Pass) => Self::Pass,
            Some(Absence::Fail) => Self::Fail,
            Some(Absence::Error) => Self::Error,
        }
    }
}
