//! The arithmetic of the test, the texts, and the simulation of whole rollouts that shows what it takes back and what not.

use proptest::prelude::*;

use super::*;

fn ratio_of(r: f64) -> Limits {
    Limits { max_ratio_to_baseline: Some(r), max: None, min_samples: DEFAULT_MIN_SAMPLES }
}

fn at_most(max: f64) -> Limits {
    Limits { max_ratio_to_baseline: None, max: Some(max), min_samples: DEFAULT_MIN_SAMPLES }
}

fn counts(requests: u64, errors: u64) -> Counts {
    Counts { requests, errors }
}

fn interval(candidate: (u64, u64), stable: (u64, u64)) -> Interval {
    Interval { candidate: counts(candidate.0, candidate.1), stable: Some(counts(stable.0, stable.1)) }
}

fn after(limits: &Limits, intervals: &[Interval]) -> Evidence {
    let mut evidence = Evidence::default();
    for interval in intervals {
        limits.observe(&mut evidence, interval);
    }
    evidence
}

/// How many errors in a row fail the candidate at this share when stable has none.
#[track_caller]
fn errors_to_fail(percent: u64, expected: u64) {
    let limits = ratio_of(2.0);
    let mut evidence = Evidence::default();
    let mut errors = 0;
    while limits.verdict_now(&evidence).outcome != Outcome::Fail {
        errors += 1;
        assert!(errors < 100);
        limits.observe(&mut evidence, &interval((percent, 1), (100 - percent, 0)));
    }
    assert_eq!(errors, expected, "at {percent} %");
}

#[test]
fn few_errors_fail_when_stable_has_none() {
    errors_to_fail(5, 3);
    errors_to_fail(25, 7);
    errors_to_fail(50, 15);
}

/// `E` by the words of the definition.
#[track_caller]
fn check_e(found: &Test, null: f64, alternatives: [f64; 3], hits: i32, misses: i32) {
    let ratio = |p: f64| (p / null).powi(hits) * ((1.0 - p) / (1.0 - null)).powi(misses);
    let expected = alternatives.map(ratio).iter().sum::<f64>() / 3.0;
    assert!((found.log_e() - expected.ln()).abs() < 1e-6, "{} is not {}", found.log_e(), expected.ln());
}

#[test]
fn e_is_the_mean_of_three_likelihood_ratios() {
    let share = |a: f64| a * 40.0 / (a * 40.0 + 160.0);
    let evidence = after(&ratio_of(3.0), &[interval((40, 4), (160, 5)), interval((40, 1), (160, 2))]);
    check_e(&evidence.ratio, share(3.0), [share(6.0), share(15.0), share(60.0)], 5, 7);
    let evidence = after(&at_most(0.1), &[interval((30, 2), (160, 5)), interval((20, 3), (0, 0))]);
    check_e(&evidence.absolute, 0.1, [0.2, 0.5, 0.99], 5, 45);
}

#[test]
fn a_limit_of_its_own_fails_without_a_baseline_and_the_graver_of_two_counts() {
    let bad = Interval { candidate: counts(100, 20), stable: None };
    assert_eq!(at_most(0.05).verdict_now(&after(&at_most(0.05), &[bad])).outcome, Outcome::Fail);
    // Twice the errors of stable are allowed, but not so many in all.
    let both = Limits { max: Some(0.05), ..ratio_of(2.0) };
    let verdict = both.verdict_now(&after(&both, &[interval((100, 20), (900, 180))]));
    assert_eq!((verdict.outcome, verdict.threshold.as_str()), (Outcome::Fail, "at most 5 %"));
    // Few enough in all, but far more than on stable.
    let verdict = both.verdict_now(&after(&both, &[interval((1_000, 20), (19_000, 0))]));
    assert_eq!((verdict.outcome, verdict.threshold.as_str()), (Outcome::Fail, "at most 2 times the rate of stable"));
    let verdict = both.verdict_now(&after(&both, &[interval((100, 90), (1_900, 0))]));
    assert_eq!(verdict.threshold, "at most 2 times the rate of stable and at most 5 %");
    let verdict = both.verdict_now(&after(&both, &[interval((100, 1), (1_900, 19))]));
    assert_eq!(verdict.outcome, Outcome::Pass);
}

#[test]
fn samples_are_needed_to_pass_and_not_to_fail() {
    let limits = ratio_of(2.0);
    let few = after(&limits, &[interval((49, 0), (900, 0))]);
    assert_eq!(limits.verdict_now(&few).outcome, Outcome::NoData);
    let enough = after(&limits, &[interval((49, 0), (900, 0)), interval((1, 0), (19, 0))]);
    assert_eq!(limits.verdict_now(&enough).outcome, Outcome::Pass);
    assert_eq!(limits.verdict_at_step_end(&enough, NoData::Fail).outcome, Outcome::Pass);
    let bad = after(&limits, &[interval((3, 3), (60, 0))]);
    assert_eq!(limits.verdict_at_step_end(&bad, NoData::Pass).outcome, Outcome::Fail);
}

#[test]
fn too_little_traffic_counts_as_the_user_says() {
    let limits = ratio_of(2.0);
    let silence = after(&limits, &[Interval::default()]);
    let little = after(&limits, &[interval((3, 0), (60, 0))]);
    let none_for_it = after(&limits, &[interval((0, 0), (60, 0))]);
    let check = |evidence, no_data| limits.verdict_at_step_end(evidence, no_data).outcome;
    assert_eq!(check(&silence, NoData::Default), Outcome::Pass);
    assert_eq!(limits.verdict_at_step_end(&silence, NoData::Default).measured, "no traffic");
    for evidence in [&little, &none_for_it] {
        assert_eq!(check(evidence, NoData::Default), Outcome::Inconclusive);
    }
    for evidence in [&silence, &little, &none_for_it] {
        assert_eq!(check(evidence, NoData::Pass), Outcome::Pass);
        assert_eq!(check(evidence, NoData::Fail), Outcome::Fail);
        assert_eq!(check(evidence, NoData::Error), Outcome::Error);
        assert_eq!(check(evidence, NoData::Inconclusive), Outcome::Inconclusive);
        assert_eq!(limits.verdict_now(evidence).outcome, Outcome::NoData);
    }
}

#[test]
fn what_failed_stays_failed_over_good_intervals_and_steps() {
    let limits = ratio_of(2.0);
    let mut evidence = after(&limits, &[interval((20, 5), (380, 0))]);
    evidence.begin_step();
    limits.observe(&mut evidence, &interval((1_000, 0), (1_000, 900)));
    assert!(evidence.ratio.log_e() < 0.0);
    assert_eq!(limits.verdict_now(&evidence).outcome, Outcome::Fail);
    assert_eq!(limits.verdict_now(&evidence).measured, "5 of 1020 requests failed (0.49 %), stable 900 of 1380 (65 %)");
}

#[test]
fn good_requests_speak_for_a_candidate_against_a_fixed_limit() {
    let limits = at_most(0.01);
    let mut evidence = after(&limits, &[Interval { candidate: counts(60_000, 0), stable: None }]);
    let mut requests = 0;
    while limits.verdict_now(&evidence).outcome != Outcome::Fail {
        requests += 100;
        assert!(requests < 10_000);
        limits.observe(&mut evidence, &Interval { candidate: counts(100, 50), stable: None });
    }
    assert_eq!(requests, 1_900);
}

#[test]
fn the_texts_are_for_people() {
    let limits = Limits { max: Some(0.015), ..ratio_of(2.5) };
    let verdict = limits.verdict_now(&after(&limits, &[interval((1_000, 3), (19_000, 19))]));
    assert_eq!(
        verdict,
        Verdict {
            outcome: Outcome::Pass,
            measured: "3 of 1000 requests failed (0.3 %), stable 19 of 19000 (0.1 %)".to_owned(),
            threshold: "at most 2.5 times the rate of stable and at most 1.5 %".to_owned(),
        }
    );
    let verdict = limits.verdict_now(&after(&limits, &[interval((12, 0), (0, 0))]));
    assert_eq!(verdict.measured, "0 of 12 requests failed (0 %), stable had no requests");
    assert_eq!(verdict.threshold, "at least 50 requests in a step, to pass");
    let verdict = limits.verdict_now(&after(&limits, &[interval((0, 0), (100_000, 1))]));
    assert_eq!(verdict.measured, "no requests, stable 1 of 100000 (0.001 %)");
    for (max, text) in
        [(0.125, "at most 12.5 %"), (0.07, "at most 7 %"), (0.000_1, "at most 0.01 %"), (0.5, "at most 50 %")]
    {
        assert_eq!(at_most(max).allowed(true, true), text);
    }
}

#[test]
fn limits_that_cannot_be_tested_are_errors() {
    let none = Limits { max_ratio_to_baseline: None, max: None, min_samples: 50 };
    assert_eq!(none.check(), Err(InvalidLimits::None));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(ratio_of(wrong).check(), Err(InvalidLimits::Ratio(_))));
        assert!(matches!(at_most(wrong).check(), Err(InvalidLimits::Max(_))));
        let evidence = after(&ratio_of(wrong), &[interval((100, 100), (100, 1))]);
        assert_eq!(evidence.ratio, Test::default());
        assert_eq!(ratio_of(wrong).verdict_at_step_end(&evidence, NoData::Pass).outcome, Outcome::Error);
    }
    assert!(at_most(0.99).check().is_err());
    assert_eq!(at_most(0.98).check(), Ok(()));
}

proptest! {
    /// No count and no limit leads out of the numbers, an interval that is better than allowed is never held against the
    /// candidate, and what was written to a journal is the same afterwards.
    #[test]
    fn numbers_stay_numbers(
        r in prop_oneof![Just(f64::MIN_POSITIVE), Just(5e-324), Just(f64::MAX), 0.001..1000.0_f64],
        max in prop_oneof![Just(5e-324), Just(0.989), 1e-9..0.98_f64],
        parts in prop::collection::vec(prop_oneof![Just(0), Just(u64::MAX), 0..10_u64, any::<u64>()], 12),
    ) {
        let limits = Limits { max_ratio_to_baseline: Some(r), max: Some(max), min_samples: 50 };
        prop_assert_eq!(limits.check(), Ok(()));
        let mut evidence = Evidence::default();
        for part in parts.chunks(4) {
            limits.observe(&mut evidence, &interval((part[0], part[1]), (part[2], part[3])));
            prop_assert!(evidence.ratio.log_e().is_finite() && evidence.absolute.log_e().is_finite());
            let text = serde_json::to_string(&evidence).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Evidence>(&text).unwrap(), &evidence);
        }
        let good = after(&limits, &[interval((parts[0], 0), (parts[1], parts[2]))]);
        prop_assert!(good.ratio.log_e() <= 1e-9 && good.absolute.log_e() <= 1e-9);
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, and never 0.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// How many good requests come before the next error.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, which is never")]
    fn good_requests(&mut self, error_rate: f64) -> u64 {
        if error_rate > 0.0 { (self.unit().ln() / (-error_rate).ln_1p()) as u64 } else { u64::MAX }
    }
}

/// One side of the traffic: counts down to its next error.
struct Side {
    error_rate: f64,
    until_error: u64,
}

impl Side {
    fn new(error_rate: f64, dice: &mut Dice) -> Self {
        Self { error_rate, until_error: dice.good_requests(error_rate) }
    }

    fn answer(&mut self, requests: u64, dice: &mut Dice) -> Counts {
        let (mut left, mut errors) = (requests, 0);
        while left > self.until_error {
            left -= self.until_error + 1;
            errors += 1;
            self.until_error = dice.good_requests(self.error_rate);
        }
        self.until_error -= left;
        counts(requests, errors)
    }
}

/// The default ladder: percent and seconds.
const LADDER: [(u64, u64); 3] = [(5, 600), (25, 600), (50, 900)];

/// Climbs the ladder with so many requests a second on average, and gives the second in which the gate failed.
fn climb(rate: u64, stable: f64, candidate: f64, seed: u64) -> Option<u64> {
    let mut dice = Dice(seed);
    let (limits, mut evidence) = (ratio_of(2.0), Evidence::default());
    let (mut stable, mut candidate) = (Side::new(stable, &mut dice), Side::new(candidate, &mut dice));
    let (mut second, mut turn) = (0, 0);
    for (percent, seconds) in LADDER {
        evidence.begin_step();
        for _ in 0..seconds {
            second += 1;
            // More uneven than Poisson for all but the lowest rate; the test is to hold for any arrivals.
            let arrivals = dice.next() % (2 * rate + 1);
            // The proxy spreads requests evenly, as this does.
            let before = turn * percent / 100;
            turn += arrivals;
            let to_candidate = turn * percent / 100 - before;
            let interval = Interval {
                candidate: candidate.answer(to_candidate, &mut dice),
                stable: Some(stable.answer(arrivals - to_candidate, &mut dice)),
            };
            limits.observe(&mut evidence, &interval);
            if evidence.ratio.failed {
                return Some(second);
            }
        }
    }
    None
}

/// Of so many rollouts, how many are taken back.
#[track_caller]
fn taken_back(rate: u64, stable: f64, candidate: f64, runs: u64) -> u64 {
    let climbs = (0..runs).filter(|run| climb(rate, stable, candidate, run * 1_000 + rate).is_some());
    u64::try_from(climbs.count()).unwrap()
}

#[test]
fn a_version_that_keeps_the_limit_is_taken_back_at_most_once_in_a_hundred() {
    let mut at_the_limit = 0;
    for rate in [1, 10, 100] {
        for base in [0.0, 0.001, 0.01] {
            let identical = taken_back(rate, base, base, 200);
            assert!(identical <= 2, "{identical} of 200 identical versions at {rate} a second with {base}");
            at_the_limit += taken_back(rate, base, 2.0 * base, 100);
        }
    }
    // Errors at just twice the rate of stable are still allowed: the worst case of the promise.
    assert!(at_the_limit <= 9, "{at_the_limit} of 900 versions at the limit");
}

#[test]
fn intervals_are_merged_until_both_sides_have_answered() {
    let limits = ratio_of(2.0);
    let apart = after(&limits, &[interval((0, 0), (19, 1)), interval((1, 1), (0, 0))]);
    assert_eq!(apart.ratio, after(&limits, &[interval((1, 1), (19, 1))]).ratio);
    assert_eq!(apart.pending, Totals::default());
    // One side alone compares nothing, and is not mixed with what comes at another share.
    let mut alone = after(&limits, &[interval((100, 50), (0, 0))]);
    assert_eq!((alone.ratio, alone.pending.candidate), (Test::default(), counts(100, 50)));
    alone.begin_step();
    limits.observe(&mut alone, &interval((1, 0), (1, 0)));
    assert_eq!(alone.ratio, Test::default());
}

#[test]
fn a_bad_version_is_found_in_the_time_that_is_promised() {
    for (rate, seconds) in [(100, 6), (10, 64), (1, 600)] {
        let mut found: Vec<u64> =
            (0..101).map(|run| climb(rate, 0.001, 0.1, run * 7_919 + rate).expect("it is found")).collect();
        found.sort_unstable();
        let median = found[50];
        let (least, most) = (seconds * 2 / 3, seconds * 3 / 2);
        assert!((least..=most).contains(&median), "found in {median} s at {rate} a second, not in about {seconds} s");
    }
}
