//! Steps in which a gate would see too few requests to tell anything.

use std::fmt;

use super::{Gate, Metric};
use crate::plan::{Step, Until};
use crate::{Span, Weight};

/// The share of failed requests that a gate is expected to notice within a step.
const NOTICED: f64 = 0.1;

/// So many errors are needed to fail at the lowest share, and none are needed of stable.
const ERRORS: f64 = 3.0;

/// A step in which a gate would see too little.
#[derive(Clone, Debug, PartialEq)]
pub struct Blind {
    /// The gate.
    pub gate: String,
    /// The share of the candidate in the step.
    pub weight: Weight,
    /// How long the gate counts in the step.
    pub pause: Span,
    /// How many requests the candidate may expect in it.
    pub expected: f64,
    /// How many the gate needs.
    pub needed: u64,
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gate, weight, pause, expected, needed } = self;
        write!(
            f,
            "gate {gate:?} sees about {expected:.0} requests in {pause} at {weight} and needs {needed} to judge the step: \
             lengthen the pause, raise the weight or lower `min_samples`"
        )
    }
}

/// The steps of a ladder in which a gate would see too little, when `rate` is how many requests a second all of the service
/// gets: fewer than `min_samples`, or so few that a candidate which fails one in ten would show fewer than three errors.
/// Holds without a fixed end, and gates that make their own requests, are never blind.
pub fn blind_steps(gate: &Gate, steps: &[Step], rate: f64) -> Vec<Blind> {
    let Metric::ErrorRate(limits) = &gate.metric else { return Vec::new() };
    let needed = limits.min_samples.max(30);
    let (mut weight, mut delay, mut blind) = (Weight::ZERO, gate.initial_delay.as_millis(), Vec::new());
    for step in steps {
        match step {
            Step::Weight { weight: next } => weight = *next,
            Step::Hold { until: Until::Elapsed(pause) } if weight > Weight::ZERO => {
                // The initial delay begins with the candidate's first traffic.
                let counted = Span::from_millis(pause.as_millis().saturating_sub(delay));
                delay = delay.saturating_sub(pause.as_millis());
                let expected = expected(rate, weight, counted);
                if too_few(expected, limits.min_samples) {
                    blind.push(Blind { gate: gate.name.clone(), weight, pause: counted, expected, needed });
                }
            }
            Step::Hold { .. } | Step::Scale { .. } => {}
        }
    }
    blind
}

/// `lambda x w x pause`; nothing when the rate is not a number of requests.
#[expect(clippy::cast_precision_loss, reason = "the longest span has fewer digits")]
fn expected(rate: f64, weight: Weight, pause: Span) -> f64 {
    let rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
    rate * weight.percent() / 100.0 * (pause.as_millis() as f64 / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a count that large is far from a limit")]
fn too_few(expected: f64, min_samples: u64) -> bool {
    // A hair is allowed for, so that 0.1 x 30 is 3.
    expected < min_samples as f64 || expected * NOTICED < ERRORS - 1e-9
}

#[cfg(test)]
mod tests {
    use super::super::tests::{error_rate, http};
    use super::*;

    fn ladder() -> Vec<Step> {
        let rung = |percent: u16, minutes| {
            let weight = Weight::from_basis_points(percent * 100).unwrap();
            [Step::Weight { weight }, Step::Hold { until: Until::Elapsed(Span::from_mins(minutes)) }]
        };
        [rung(5, 10), rung(25, 10), rung(50, 15), rung(100, 1)].concat()
    }

    #[track_caller]
    fn check(gate: &Gate, rate: f64, expected: &[u16]) {
        let blind = blind_steps(gate, &ladder(), rate);
        let weights: Vec<u16> = blind.iter().map(|blind| blind.weight.basis_points() / 100).collect();
        assert_eq!(weights, expected, "at {rate}");
    }

    #[test]
    fn a_step_is_blind_when_too_few_requests_are_expected() {
        let gate = error_rate("errors");
        check(&gate, 100.0, &[]);
        check(&gate, 50.0 / 30.0, &[]);
        check(&gate, 1.66, &[5]);
        check(&gate, 0.3, &[5, 25, 100]);
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            check(&gate, nothing, &[5, 25, 50, 100]);
        }
        check(&http("probe"), 0.0, &[]);
    }

    #[test]
    fn a_low_sample_limit_does_not_make_it_see() {
        let mut gate = error_rate("errors");
        let Metric::ErrorRate(limits) = &mut gate.metric else { unreachable!() };
        limits.min_samples = 1;
        check(&gate, 1.0, &[]);
        check(&gate, 0.99, &[5]);
    }

    #[test]
    fn the_initial_delay_is_taken_off_and_the_text_says_what_to_do() {
        let gate = Gate { initial_delay: Span::from_mins(9), ..error_rate("errors") };
        check(&gate, 2.0, &[5]);
        let text = blind_steps(&gate, &ladder(), 2.0)[0].to_string();
        assert_eq!(
            text,
            "gate \"errors\" sees about 6 requests in 1m at 5 % and needs 50 to judge the step: lengthen the pause, raise the \
             weight or lower `min_samples`"
        );
        // A delay longer than the first pause reaches into the next.
        check(&Gate { initial_delay: Span::from_mins(20), ..error_rate("errors") }, 100.0, &[5, 25]);
    }
}
