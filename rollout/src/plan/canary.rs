//! Canary: a growing share of the traffic, step by step.

use serde::{Deserialize, Serialize};

use super::{Limits, Plan, PlanError, Step, Until};
use crate::{Span, Weight};

/// What a user says of a canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryOptions {
    /// The rungs, in order. 100 % follows by itself when it is left out.
    pub steps: Vec<Rung>,
}

/// A share of the traffic, and what has to happen before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The share.
    pub weight: Weight,
    /// What to wait for. When absent, until the gates pass; at 100 %, for nothing.
    pub pause: Option<Pause>,
}

/// What a rung waits for. The gates are asked after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pause {
    /// So much time in which the share was in effect; `0s` asks the gates at once.
    Elapsed(Span),
    /// A person.
    Approval {
        /// How long to wait for the person before the candidate is taken back.
        deadline: Span,
    },
}

impl Default for CanaryOptions {
    /// 5 % for 10 minutes, 25 % for 10 minutes, 50 % for 15 minutes, then 100 %.
    fn default() -> Self {
        let rung = |percent: u16, minutes| Rung {
            weight: Weight::from_basis_points(percent * 100).unwrap_or(Weight::ALL),
            pause: Some(Pause::Elapsed(Span::from_mins(minutes))),
        };
        let all = Rung { weight: Weight::ALL, pause: None };
        Self { steps: vec![rung(5, 10), rung(25, 10), rung(50, 15), all] }
    }
}

/// The share of a rung that a user gave in percent, such as `5` or `12.5`; `index` is the rung's, from 0.
pub fn share(index: usize, percent: f64) -> Result<Weight, PlanError> {
    let basis_points = (percent * 100.0).round();
    let fits = (1.0..=10_000.0).contains(&basis_points);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and 10,000")]
    let weight = fits.then_some(basis_points as u16).and_then(Weight::from_basis_points);
    weight.ok_or_else(|| PlanError::Weight { index, found: format!("{percent} %") })
}

/// The plan: for each rung the replicas that it needs, its share, and its pause.
pub fn compile(options: &CanaryOptions, limits: Limits) -> Result<Plan, PlanError> {
    let mut before = Weight::ZERO;
    for (index, rung) in options.steps.iter().enumerate() {
        if rung.weight == Weight::ZERO {
            return Err(PlanError::Weight { index, found: rung.weight.to_string() });
        }
        if rung.weight <= before {
            return Err(PlanError::NotAscending { index, before, found: rung.weight });
        }
        before = rung.weight;
    }
    if options.steps.is_empty() {
        return Err(PlanError::Empty);
    }
    let all = (before < Weight::ALL).then_some(Rung { weight: Weight::ALL, pause: None });
    let rungs = options.steps.iter().copied().chain(all);
    Plan::new(rungs.flat_map(steps).collect(), limits)
}

fn steps(rung: Rung) -> impl Iterator<Item = Step> {
    let until = match rung.pause {
        Some(Pause::Elapsed(span)) => Some(Until::Elapsed(span)),
        Some(Pause::Approval { deadline }) => Some(Until::Approval { deadline }),
        None if rung.weight == Weight::ALL => None,
        None => Some(Until::Gates),
    };
    let hold = until.map(|until| Step::Hold { until });
    [Step::Scale { part: rung.weight }, Step::Weight { weight: rung.weight }].into_iter().chain(hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(percent: u16) -> Weight {
        Weight::from_basis_points(percent * 100).unwrap()
    }

    fn rungs(percents: &[u16]) -> CanaryOptions {
        CanaryOptions { steps: percents.iter().map(|percent| Rung { weight: weight(*percent), pause: None }).collect() }
    }

    #[test]
    fn the_default_ladder() {
        let plan = compile(&CanaryOptions::default(), Limits::default()).unwrap();
        assert_eq!(plan.ladder(), ["5 % for 10m", "25 % for 10m", "50 % for 15m", "100 %"]);
        // Four times 10 minutes for the replicas, four times 5 seconds for the weights, and the pauses.
        assert_eq!(plan.max_duration().to_string(), "1h15m20s");
        assert_eq!(plan.rungs(), 4);
    }

    #[test]
    fn each_rung_has_replicas_share_and_pause() {
        let plan = compile(&rungs(&[30]), Limits::default()).unwrap();
        let (some, all) = (weight(30), Weight::ALL);
        let expected = [
            Step::Scale { part: some },
            Step::Weight { weight: some },
            Step::Hold { until: Until::Gates },
            Step::Scale { part: all },
            Step::Weight { weight: all },
        ];
        assert_eq!(plan.steps, expected);
    }

    #[test]
    fn zero_and_absent_differ() {
        let hold = |pause| {
            let options = CanaryOptions { steps: vec![Rung { weight: weight(5), pause }] };
            compile(&options, Limits::default()).unwrap().steps[2].clone()
        };
        assert_eq!(hold(None), Step::Hold { until: Until::Gates });
        assert_eq!(hold(Some(Pause::Elapsed(Span::ZERO))), Step::Hold { until: Until::Elapsed(Span::ZERO) });
        let deadline = Span::from_secs(1);
        assert_eq!(hold(Some(Pause::Approval { deadline })), Step::Hold { until: Until::Approval { deadline } });
    }

    #[test]
    fn mistakes_name_the_step_and_what_was_expected() {
        for (percents, message) in [
            (&[][..], "at least one step expected, such as `weight = 5, pause = \"10m\"`"),
            (&[5, 0], "step 1: a weight above 0 % and at most 100 % expected, not 0 %"),
            (&[5, 25, 25], "step 2: a weight above the 25 % of the step before expected, not 25 %"),
            (&[50, 25], "step 1: a weight above the 50 % of the step before expected, not 25 %"),
            (&[100, 100], "step 1: a weight above the 100 % of the step before expected, not 100 %"),
        ] {
            assert_eq!(compile(&rungs(percents), Limits::default()).unwrap_err().to_string(), message, "{percents:?}");
        }
        let limits = Limits { progress_deadline: Span::ZERO, ..Limits::default() };
        assert_eq!(compile(&rungs(&[5]), limits).unwrap_err(), PlanError::NoProgress(Span::ZERO));
    }

    #[test]
    fn shares_are_given_in_percent() {
        for (percent, basis_points) in [(5.0, 500), (12.5, 1_250), (0.01, 1), (100.0, 10_000)] {
            assert_eq!(share(0, percent).unwrap().basis_points(), basis_points);
        }
        for percent in [0.0, -1.0, 0.001, 100.01, f64::NAN, f64::INFINITY] {
            let message = share(3, percent).unwrap_err().to_string();
            assert_eq!(message, format!("step 3: a weight above 0 % and at most 100 % expected, not {percent} %"));
        }
    }

    #[test]
    fn a_plan_from_elsewhere_is_checked() {
        let plan = |steps| Plan { steps, ..compile(&CanaryOptions::default(), Limits::default()).unwrap() };
        let (half, all) = (weight(50), Weight::ALL);
        let scale = |part| Step::Scale { part };
        let to = |weight| Step::Weight { weight };
        for (steps, error) in [
            (vec![], PlanError::Empty),
            (vec![scale(all)], PlanError::NotAll(Weight::ZERO)),
            (vec![scale(all), to(half)], PlanError::NotAll(half)),
            (vec![scale(half), to(all)], PlanError::TooFewReplicas { index: 1, weight: all, part: half }),
            (
                vec![scale(all), to(half), scale(weight(40)), to(all)],
                PlanError::TooFewReplicas { index: 2, weight: half, part: weight(40) },
            ),
            (vec![scale(all); 301], PlanError::TooMany(301)),
        ] {
            assert_eq!(plan(steps).check(), Err(error));
        }
    }
}
