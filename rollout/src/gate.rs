//! Gates: what was measured, turned into a verdict on the candidate.
//!
//! A [`Gate`] is part of the frozen plan. Its host hands it a [`Measurement`] of each interval; the gate keeps [`Evidence`],
//! which survives a restart, and gives a [`Verdict`]. With several gates a [`Rule`] says what they amount to. [`blind_steps`]
//! finds, before anything happens, steps in which a gate would see too little.

mod blind;
mod combine;
pub mod error_rate;
pub mod http;

use std::fmt;

pub use blind::{Blind, blind_steps};
pub use combine::{Decision, InvalidRule, Rule};
use serde::{Deserialize, Serialize};

use crate::Span;

/// The longest name of a gate, in bytes.
pub const LONGEST_NAME: usize = 64;

/// The most gates of a plan.
pub const MOST_GATES: usize = 100;

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
    /// There is too little data: it is decided later.
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
    /// What was measured, for people: `12 of 100 requests failed (12 %), stable 2 of 1900 (0.11 %)`.
    /// Of a failure since the first shift, otherwise within the step.
    pub measured: String,
    /// What is allowed, or needed to decide, for people: `at most 2 times the rate of stable`.
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

impl Evidence {
    fn unmeasured(&mut self) -> &mut Option<Unmeasured> {
        match self {
            Self::ErrorRate(evidence) => &mut evidence.unmeasured,
            Self::Http(evidence) => &mut evidence.unmeasured,
        }
    }
}

/// What was measured in an interval, of the kind that the gate asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Measurement {
    /// For [`Metric::ErrorRate`].
    Requests(error_rate::Interval),
    /// For [`Metric::Http`].
    Probes(http::Round),
    /// Nothing, because the source of the numbers could not be reached. That says nothing of the candidate.
    Unmeasured(Unmeasured),
}

/// Why something could not be measured, for people: at most 300 bytes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unmeasured(String);

impl Unmeasured {
    /// With this reason, cut to length.
    pub fn new(reason: &str) -> Self {
        Self(reason[..reason.floor_char_boundary(300)].to_owned())
    }
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not measured: {}", self.0)
    }
}

/// A gate that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidGate {
    /// The name cannot stand in an expression.
    #[error(
        "`name` must begin with a letter and consist of at most {LONGEST_NAME} letters, digits, \"-\" and \"_\" of ASCII, not \
         {0:?}"
    )]
    Name(String),
    /// It would be evaluated without a pause.
    #[error("`interval` must be longer than 0s")]
    Interval,
    /// Of [`Metric::ErrorRate`].
    #[error(transparent)]
    ErrorRate(#[from] error_rate::InvalidLimits),
    /// Of [`Metric::Http`].
    #[error(transparent)]
    Http(#[from] http::InvalidProbe),
}

/// Gates that cannot be evaluated together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidGates {
    /// There are more than anybody needs.
    #[error("at most {MOST_GATES} gates expected, not {0}")]
    TooMany(usize),
    /// One of them cannot be evaluated.
    #[error("gate {name:?}: {why}")]
    Gate {
        /// Its name.
        name: String,
        /// Why.
        why: InvalidGate,
    },
    /// Two have the same name.
    #[error("two gates are named {0:?}; each needs a name of its own")]
    Twice(String),
    /// The expression cannot be read.
    #[error(transparent)]
    Rule(#[from] InvalidRule),
}

/// Checks all gates of a plan, and gives the rule that says what they amount to.
pub fn check(gates: &[Gate], pass_when: Option<&str>) -> Result<Rule, InvalidGates> {
    if gates.len() > MOST_GATES {
        return Err(InvalidGates::TooMany(gates.len()));
    }
    for (index, gate) in gates.iter().enumerate() {
        gate.check().map_err(|why| InvalidGates::Gate { name: gate.name.clone(), why })?;
        if gates[..index].iter().any(|other| other.name == gate.name) {
            return Err(InvalidGates::Twice(gate.name.clone()));
        }
    }
    Ok(Rule::new(pass_when, gates)?)
}

impl Gate {
    /// Whether it can be evaluated. A gate that cannot gives [`Outcome::Error`].
    pub fn check(&self) -> Result<(), InvalidGate> {
        if !(combine::is_name(&self.name) && self.name.len() <= LONGEST_NAME) {
            return Err(InvalidGate::Name(self.name.clone()));
        }
        if self.interval == Span::ZERO {
            return Err(InvalidGate::Interval);
        }
        match &self.metric {
            Metric::ErrorRate(limits) => Ok(limits.check()?),
            Metric::Http(probe) => Ok(probe.check()?),
        }
    }

    /// What there is before anything was measured.
    pub fn no_evidence(&self) -> Evidence {
        match self.metric {
            Metric::ErrorRate(_) => Evidence::ErrorRate(error_rate::Evidence::default()),
            Metric::Http(_) => Evidence::Http(http::Evidence::default()),
        }
    }

    /// A step begins: what counts within a step begins anew, what counts within the rollout goes on.
    pub fn begin_step(&self, evidence: &mut Evidence) {
        match evidence {
            Evidence::ErrorRate(evidence) => evidence.begin_step(),
            Evidence::Http(evidence) => evidence.end_round(),
        }
    }

    /// Adds what was measured in an interval. Before `initial_delay` is over, the host leaves it out. A measurement of another
    /// kind counts as none.
    pub fn observe(&self, evidence: &mut Evidence, measurement: &Measurement) {
        match (&self.metric, &mut *evidence, measurement) {
            (Metric::ErrorRate(limits), Evidence::ErrorRate(evidence), Measurement::Requests(interval)) => {
                limits.observe(evidence, interval);
            }
            (Metric::Http(probe), Evidence::Http(evidence), Measurement::Probes(round)) => {
                probe.observe(evidence, round);
            }
            (_, evidence, Measurement::Unmeasured(why)) => *evidence.unmeasured() = Some(why.clone()),
            (_, evidence, _) => {
                let why = Unmeasured::new("the measurement is not of the kind that the gate asks for");
                *evidence.unmeasured() = Some(why);
            }
        }
    }

    /// What is known in the middle of a step. [`Outcome::Fail`] and [`Outcome::Error`] hold; [`Outcome::Pass`] means that it
    /// would pass if the step ended now.
    pub fn verdict_now(&self, evidence: &Evidence) -> Verdict {
        match (&self.metric, evidence) {
            (Metric::ErrorRate(limits), Evidence::ErrorRate(evidence)) => limits.verdict_now(evidence),
            (Metric::Http(probe), Evidence::Http(evidence)) => probe.verdict_now(evidence),
            _ => Self::foreign(),
        }
    }

    /// What is known at the end of a step. [`Outcome::NoData`] means that the next intervals decide.
    pub fn verdict_at_step_end(&self, evidence: &Evidence) -> Verdict {
        match (&self.metric, evidence) {
            (Metric::ErrorRate(limits), Evidence::ErrorRate(evidence)) => {
                limits.verdict_at_step_end(evidence, self.no_data)
            }
            (Metric::Http(probe), Evidence::Http(evidence)) => probe.verdict_at_step_end(evidence, self.no_data),
            _ => Self::foreign(),
        }
    }

    fn foreign() -> Verdict {
        Verdict {
            outcome: Outcome::Error,
            measured: "the evidence that was kept is of another metric".to_owned(),
            threshold: "evidence of the gate's own metric".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn error_rate(name: &str) -> Gate {
        Gate {
            name: name.to_owned(),
            metric: Metric::ErrorRate(error_rate::Limits {
                max_ratio_to_baseline: Some(error_rate::DEFAULT_RATIO),
                max: None,
                min_samples: error_rate::DEFAULT_MIN_SAMPLES,
            }),
            no_data: NoData::Default,
            dry_run: false,
            interval: Span::from_secs(1),
            initial_delay: Span::ZERO,
        }
    }

    pub(super) fn http(name: &str) -> Gate {
        let probe = http::Probe { path: "/".to_owned(), status: 200, timeout: Span::from_secs(1), failures: 2 };
        Gate { metric: Metric::Http(probe), ..error_rate(name) }
    }

    #[test]
    fn a_source_that_cannot_be_reached_is_an_error_until_it_can() {
        let down = Measurement::Unmeasured(Unmeasured::new("no connection"));
        let measured = [
            (error_rate("a"), Measurement::Requests(error_rate::Interval::default()), Outcome::NoData),
            (http("a"), Measurement::Probes(http::Round::from([(0, http::Answer::Status(200))])), Outcome::Pass),
        ];
        for (gate, measurement, expected) in measured {
            for no_data in [NoData::Default, NoData::Pass, NoData::Fail] {
                let gate = Gate { no_data, ..gate.clone() };
                let mut evidence = gate.no_evidence();
                gate.observe(&mut evidence, &down);
                assert_eq!(gate.verdict_now(&evidence).outcome, Outcome::Error);
                let verdict = gate.verdict_at_step_end(&evidence);
                assert_eq!(
                    (verdict.outcome, verdict.measured.as_str()),
                    (Outcome::Error, "not measured: no connection")
                );
                gate.observe(&mut evidence, &measurement);
                assert_eq!(gate.verdict_now(&evidence).outcome, expected);
            }
        }
        assert_eq!(Unmeasured::new(&"ä".repeat(500)).0.len(), 300);
    }

    #[test]
    fn what_does_not_belong_to_the_gate_is_an_error_and_never_a_pass() {
        let (errors, probe) = (error_rate("a"), http("a"));
        assert_eq!(errors.verdict_at_step_end(&probe.no_evidence()).outcome, Outcome::Error);
        assert_eq!(probe.verdict_now(&errors.no_evidence()).outcome, Outcome::Error);
        let mut evidence = errors.no_evidence();
        errors.observe(&mut evidence, &Measurement::Probes(http::Round::new()));
        assert_eq!(errors.verdict_at_step_end(&evidence).outcome, Outcome::Error);
    }

    #[test]
    fn a_step_begins_without_the_requests_and_answers_of_the_one_before() {
        let counts = error_rate::Counts { requests: 100, errors: 1 };
        let interval = error_rate::Interval { candidate: counts, stable: Some(counts) };
        let measured = [
            (error_rate("a"), Measurement::Requests(interval), Outcome::Pass),
            (
                http("a"),
                Measurement::Probes(http::Round::from([(0, http::Answer::Status(200))])),
                Outcome::Inconclusive,
            ),
        ];
        for (gate, measurement, expected) in measured {
            let mut evidence = gate.no_evidence();
            gate.observe(&mut evidence, &measurement);
            assert_eq!(gate.verdict_at_step_end(&evidence).outcome, Outcome::Pass);
            gate.begin_step(&mut evidence);
            assert_eq!(gate.verdict_now(&evidence).outcome, Outcome::NoData);
            assert_eq!(gate.verdict_at_step_end(&evidence).outcome, expected, "{gate:?}");
        }
    }

    #[test]
    fn gates_are_checked() {
        assert_eq!(error_rate("p99-latency_2").check(), Ok(()));
        for name in ["", "2x", "a b", "ä", "a&&b", &"a".repeat(65)] {
            assert_eq!(error_rate(name).check(), Err(InvalidGate::Name(name.to_owned())));
        }
        assert_eq!(Gate { interval: Span::ZERO, ..http("a") }.check(), Err(InvalidGate::Interval));
        let Metric::Http(probe) = http("a").metric else { unreachable!() };
        let probe = http::Probe { failures: 0, ..probe };
        assert!(matches!(Gate { metric: Metric::Http(probe), ..http("a") }.check(), Err(InvalidGate::Http(_))));
    }

    #[test]
    fn gates_are_checked_together() {
        let both = [error_rate("errors"), http("probe")];
        assert!(check(&both, Some("errors || probe")).is_ok());
        assert!(check(&[], None).is_ok());
        let message = |gates: &[Gate], pass_when| check(gates, pass_when).unwrap_err().to_string();
        assert_eq!(
            message(&[http("probe"), error_rate("probe")], None),
            "two gates are named \"probe\"; each needs a name of its own"
        );
        let still = Gate { interval: Span::ZERO, ..http("probe") };
        assert_eq!(message(&[still], None), "gate \"probe\": `interval` must be longer than 0s");
        assert!(matches!(check(&both, Some("latency")), Err(InvalidGates::Rule(InvalidRule::Unknown { .. }))));
        assert_eq!(check(&vec![http("a"); 101], None), Err(InvalidGates::TooMany(101)));
    }
}
