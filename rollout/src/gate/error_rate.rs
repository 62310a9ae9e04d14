//! The share of requests that fail, against the stable revision or against a fixed limit.
//!
//! A plain comparison of two rates, taken once a second for half an hour, takes back nearly every version that is as good as
//! the old one. This is a sequential test instead: it may be looked at as often as one likes, and takes back a version that
//! keeps the limit with a chance of at most [`ALPHA`] over the whole rollout.
//!
//! # The test
//! In an interval the candidate answered `n_c` requests, `k_c` of them with an error, and stable `n_b` and `k_b`. Given the
//! sum of the errors, those of the candidate are binomial (Przyborowski, Wilenski 1940) with the share
//! `p0 = r n_c / (r n_c + n_b)` when its rate is just `r` times that of stable. Each of three alternatives, 2, 5 and 20 times
//! that rate, gathers the logarithm of its likelihood ratio, and `E` is the mean of the three ratios. While the candidate
//! keeps the limit, `E` is a supermartingale that begins at 1, so the chance that it ever reaches `1 / alpha` is at most
//! `alpha` (Ville 1939; Lindon, Malek, arXiv 2011.03567). The fixed limit is the same with `p0 = max`.
//!
//! Against stable, intervals are merged until both sides have answered: at one request a second and a share of 5 %, an interval
//! of one second has a request to the candidate or one to stable, so alone it compares nothing. When to stop merging depends on
//! requests and never on errors, so it changes nothing of the above. A step begins with nothing left over.
//!
//! # Assumptions
//! Errors are independent of each other. When one cause fails many requests at once on one side only by chance, the test
//! takes it for the version's doing. Where both limits are given each is a test of its own, and so are their chances.
//!
//! A candidate that turns bad late is found later than one that was bad from the start, for its good requests speak for it. That
//! matters little against stable, where only errors speak. Against `max` every request does: after 60,000 good ones at 1 %,
//! it takes some 1,900 at 50 %.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NoData, Outcome, Unmeasured, Verdict};

/// The chance that a candidate which keeps a limit is taken back for it, over a whole rollout.
pub const ALPHA: f64 = 0.01;

/// So many requests to the candidate within a step are needed to pass, unless the user says otherwise.
pub const DEFAULT_MIN_SAMPLES: u64 = 50;

/// The limit of a gate for which the user gives none: so many times the error rate of stable.
pub const DEFAULT_RATIO: f64 = 2.0;

/// How many times worse than the limit a candidate is in each alternative.
const ALTERNATIVES: [f64; 3] = [2.0, 5.0, 20.0];

/// The highest share of failed requests that an alternative stands for.
const HIGHEST: f64 = 0.99;

/// Logarithms are kept in billionths, rounded down: whole numbers are the same after a journal was read back.
const BILLIONTHS: f64 = 1e9;

/// What is allowed. At least one limit is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// At most so many times the error rate of the stable revision.
    pub max_ratio_to_baseline: Option<f64>,
    /// At most this share of failed requests, between 0 and 1.
    pub max: Option<f64>,
    /// So many requests to the candidate within a step are needed to pass; never to fail.
    pub min_samples: u64,
}

/// Limits that cannot be tested.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidLimits {
    /// Nothing is limited.
    #[error("`max_ratio_to_baseline` or `max` expected, and neither is given")]
    None,
    /// The ratio is not above 0.
    #[error("`max_ratio_to_baseline` must be a number above 0, such as 2, not {0}")]
    Ratio(f64),
    /// The share is not one that a test can tell from another.
    #[error("`max` must be a share above 0 and below 0.99, such as 0.01, not {0}")]
    Max(f64),
}

/// Requests that ended, and how many of them with an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// How many ended.
    pub requests: u64,
    /// How many of these failed; never more than `requests`.
    pub errors: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors.min(other.requests));
    }
}

/// `12 of 100 requests failed (12 %)`
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.requests == 0 {
            return f.write_str("no requests");
        }
        write!(f, "{} of {} requests failed ({})", self.errors, self.requests, Share(self.errors, self.requests))
    }
}

/// A part of a whole in percent, with as many digits as a person needs.
struct Share(u64, u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = ratio(self.0, self.1) * 100.0;
        let digits = match percent {
            p if p >= 10.0 || p <= 0.0 => 0,
            p if p >= 1.0 => 1,
            p if p >= 0.1 => 2,
            p if p >= 0.001 => 3,
            _ => return f.write_str("under 0.001 %"),
        };
        write!(f, "{} %", trimmed(percent, digits))
    }
}

/// A limit in percent, as the user gave it.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", trimmed(self.0 * 100.0, 9))
    }
}

/// Without zeros at the end of the fraction.
fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[expect(clippy::cast_precision_loss, reason = "what is lost is far below what a count can tell")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// What was counted in an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Of the candidate.
    pub candidate: Counts,
    /// Of the stable revision, when there is one.
    pub stable: Option<Counts>,
}

/// What both sides answered over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// The candidate.
    pub candidate: Counts,
    /// The stable revision.
    pub stable: Counts,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.candidate.requests, self.stable.requests) {
            (0, 0) => f.write_str("no traffic"),
            (_, 0) => write!(f, "{}, stable had no requests", self.candidate),
            (_, n) => {
                write!(f, "{}, stable {} of {n} ({})", self.candidate, self.stable.errors, Share(self.stable.errors, n))
            }
        }
    }
}

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Against `max_ratio_to_baseline`.
    pub ratio: Test,
    /// Against `max`.
    pub absolute: Test,
    /// Intervals that are not in `ratio` yet, because one side has answered nothing in them.
    pub pending: Totals,
    /// Since the first shift.
    pub rollout: Totals,
    /// Since the present step began.
    pub step: Totals,
    /// Why the last interval could not be measured, when it could not.
    pub unmeasured: Option<Unmeasured>,
}

/// One sequential test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The logarithm of the likelihood ratio of each alternative, in billionths.
    pub logs: [i64; 3],
    /// Whether `E` has ever reached `1 / alpha`. What failed stays failed, so it matters not how often one looks.
    pub failed: bool,
}

impl Test {
    /// The logarithm of `E`, the mean of the three likelihood ratios.
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 billionths E is decided")]
    pub fn log_e(&self) -> f64 {
        let logs = self.logs.map(|log| log as f64 / BILLIONTHS);
        // The largest is taken out, so that no power overflows.
        let largest = logs.into_iter().fold(f64::MIN, f64::max);
        let sum: f64 = logs.into_iter().map(|log| (log - largest).exp()).sum();
        largest + sum.ln() - 3_f64.ln()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the conversion saturates, and so does the sum")]
    fn add(&mut self, gains: [f64; 3]) {
        if gains.iter().all(|gain| *gain == 0.0) {
            return;
        }
        for (log, gain) in self.logs.iter_mut().zip(gains) {
            *log = log.saturating_add((gain * BILLIONTHS).floor() as i64);
        }
        self.failed |= self.log_e() >= -ALPHA.ln();
    }
}

/// What an interval in which both sides answered adds to each alternative against "the candidate fails at most `r` times as
/// often as stable".
#[expect(clippy::cast_precision_loss, reason = "what is lost is far below what a count can tell")]
fn against_stable(r: f64, candidate: Counts, stable: Counts) -> [f64; 3] {
    // Written so that neither a tiny nor a huge r leaves the numbers: p0 is 0 or 1 then, and nothing is divided 0 by 0.
    let p0 = 1.0 / (1.0 + stable.requests as f64 / (r * candidate.requests as f64));
    if candidate.errors == 0 && stable.errors == 0 {
        return [0.0; 3];
    }
    let (candidate, stable) = (candidate.errors as f64, stable.errors as f64);
    // With p_a for m times r: p_a / p0 = m x rest and (1 - p_a) / (1 - p0) = rest.
    ALTERNATIVES.map(|m| {
        let rest = -((m - 1.0) * p0).ln_1p();
        candidate * (m.ln() + rest) + stable * rest
    })
}

/// What an interval adds to each alternative against "the candidate fails with a share of at most `max`".
#[expect(clippy::cast_precision_loss, reason = "what is lost is far below what a count can tell")]
fn against_limit(max: f64, candidate: Counts) -> [f64; 3] {
    let (errors, good) = (candidate.errors as f64, (candidate.requests - candidate.errors) as f64);
    ALTERNATIVES.map(|m| {
        let p = (m * max).min(HIGHEST);
        errors * (p.ln() - max.ln()) + good * ((-p).ln_1p() - (-max).ln_1p())
    })
}

impl Evidence {
    /// A step begins: its requests are counted anew, and what was pending at another share is left out.
    pub(super) fn begin_step(&mut self) {
        self.step = Totals::default();
        self.pending = Totals::default();
    }
}

impl Limits {
    /// Whether they can be tested.
    pub fn check(&self) -> Result<(), InvalidLimits> {
        match (self.max_ratio_to_baseline, self.max) {
            (None, None) => Err(InvalidLimits::None),
            (Some(r), _) if !(r > 0.0 && r.is_finite()) => Err(InvalidLimits::Ratio(r)),
            (_, Some(max)) if !(max > 0.0 && max < HIGHEST) => Err(InvalidLimits::Max(max)),
            _ => Ok(()),
        }
    }

    /// Adds an interval. How long it is makes no difference.
    pub fn observe(&self, evidence: &mut Evidence, interval: &Interval) {
        evidence.unmeasured = None;
        // A request is counted when it ends, so more errors than requests are a mistake of the one who counts.
        let whole = |counts: Counts| Counts { errors: counts.errors.min(counts.requests), ..counts };
        let (candidate, stable) = (whole(interval.candidate), whole(interval.stable.unwrap_or_default()));
        for totals in [&mut evidence.rollout, &mut evidence.step] {
            totals.candidate.add(candidate);
            totals.stable.add(stable);
        }
        if self.check().is_err() {
            return;
        }
        if let Some(max) = self.max {
            evidence.absolute.add(against_limit(max, candidate));
        }
        if let Some(r) = self.max_ratio_to_baseline {
            evidence.pending.candidate.add(candidate);
            evidence.pending.stable.add(stable);
            let Totals { candidate, stable } = evidence.pending;
            if candidate.requests > 0 && stable.requests > 0 {
                evidence.pending = Totals::default();
                evidence.ratio.add(against_stable(r, candidate, stable));
            }
        }
    }

    /// What is known in the middle of a step: [`Outcome::Fail`] as soon as a limit is broken, and otherwise
    /// [`Outcome::Pass`] with enough requests and [`Outcome::NoData`] before that, neither of which is final.
    pub fn verdict_now(&self, evidence: &Evidence) -> Verdict {
        self.verdict(evidence, |_| Outcome::NoData)
    }

    /// What is known at the end of a step. Too few requests count as `no_data` says.
    pub fn verdict_at_step_end(&self, evidence: &Evidence, no_data: NoData) -> Verdict {
        self.verdict(evidence, |step| match no_data {
            NoData::Default if step.candidate.requests == 0 && step.stable.requests == 0 => Outcome::Pass,
            NoData::Default | NoData::Inconclusive => Outcome::Inconclusive,
            NoData::Pass => Outcome::Pass,
            NoData::Fail => Outcome::Fail,
            NoData::Error => Outcome::Error,
        })
    }

    fn verdict(&self, evidence: &Evidence, too_few: impl FnOnce(&Totals) -> Outcome) -> Verdict {
        let step = &evidence.step;
        let enough = || format!("at least {} requests in a step, to pass", self.min_samples);
        let (outcome, measured, threshold) = match self.check() {
            Err(invalid) => (Outcome::Error, invalid.to_string(), self.allowed(true, true)),
            Ok(()) if evidence.ratio.failed || evidence.absolute.failed => {
                let threshold = self.allowed(evidence.ratio.failed, evidence.absolute.failed);
                (Outcome::Fail, evidence.rollout.to_string(), threshold)
            }
            Ok(()) => match &evidence.unmeasured {
                Some(why) => (Outcome::Error, why.to_string(), self.allowed(true, true)),
                None if step.candidate.requests >= self.min_samples => {
                    (Outcome::Pass, step.to_string(), self.allowed(true, true))
                }
                None => (too_few(step), step.to_string(), enough()),
            },
        };
        Verdict { outcome, measured, threshold }
    }

    /// The limits in words.
    fn allowed(&self, ratio: bool, absolute: bool) -> String {
        let ratio = self.max_ratio_to_baseline.filter(|_| ratio).map(|r| format!("{r} times the rate of stable"));
        let absolute = self.max.filter(|_| absolute).map(|max| Percent(max).to_string());
        let limits: Vec<String> = [ratio, absolute].into_iter().flatten().collect();
        format!("at most {}", limits.join(" and at most "))
    }
}

#[cfg(test)]
mod tests;
