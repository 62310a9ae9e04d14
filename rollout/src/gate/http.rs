//! A request of the gate's own to every ready replica of the candidate.
//!
//! A replica that refuses the connection or does not answer in time has failed, as one that answers wrongly: it is the
//! candidate that cannot be reached, on the same machine as the one who asks.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NoData, Outcome, Unmeasured, Verdict};
use crate::Span;

/// So many replicas are remembered that are not ready any more.
const REMEMBERED: usize = 1_000;

/// What is asked, and what must be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The path that is asked for with GET.
    pub path: String,
    /// The status code that is expected.
    pub status: u16,
    /// How long an answer may take.
    pub timeout: Span,
    /// So many failures in a row of one replica fail the gate.
    pub failures: u32,
}

/// A probe that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProbe {
    /// The path is not one.
    #[error("`path` must begin with \"/\" and consist of printable ASCII characters without spaces, not {0:?}")]
    Path(String),
    /// The status is not one that ends a request.
    #[error("`status` must be between 200 and 599, not {0}")]
    Status(u16),
    /// There is no time for an answer.
    #[error("`timeout` must be longer than 0s")]
    Timeout,
    /// It fails before it is asked.
    #[error("`failures` must be at least 1")]
    Failures,
}

/// What a replica answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A response with this status.
    Status(u16),
    /// Nothing in time.
    Timeout,
    /// The connection was refused or ended before there was a response.
    Unreachable,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered {status}"),
            Self::Timeout => f.write_str("did not answer in time"),
            Self::Unreachable => f.write_str("could not be reached"),
        }
    }
}

/// What every replica that was ready answered, by its number within the revision.
pub type Round = BTreeMap<u32, Answer>;

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What is known of each replica.
    pub replicas: BTreeMap<u32, Replica>,
    /// The replica that failed too often in a row, and its last answer. What failed stays failed.
    pub failed: Option<(u32, Answer)>,
    /// Why the last round could not be made, when it could not.
    pub unmeasured: Option<Unmeasured>,
}

/// What is known of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replica {
    /// Its last answer.
    pub last: Answer,
    /// How many failures in a row that is.
    pub failures: u32,
    /// Whether it was asked in the last round, and that within the present step.
    pub current: bool,
}

impl Probe {
    /// Whether it can be made.
    pub fn check(&self) -> Result<(), InvalidProbe> {
        if !(self.path.starts_with('/') && self.path.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(InvalidProbe::Path(self.path.clone()));
        }
        if !(200..600).contains(&self.status) {
            return Err(InvalidProbe::Status(self.status));
        }
        if self.timeout == Span::ZERO {
            return Err(InvalidProbe::Timeout);
        }
        if self.failures == 0 { Err(InvalidProbe::Failures) } else { Ok(()) }
    }

    /// Adds a round. A replica that is not in it was not ready; its failures in a row go on when it comes back.
    pub fn observe(&self, evidence: &mut Evidence, round: &Round) {
        evidence.unmeasured = None;
        evidence.end_round();
        for (index, answer) in round {
            let before = evidence.replicas.get(index).map_or(0, |replica| replica.failures);
            let failures = if *answer == Answer::Status(self.status) { 0 } else { before.saturating_add(1) };
            evidence.replicas.insert(*index, Replica { last: *answer, failures, current: true });
            if failures >= self.failures && evidence.failed.is_none() && failures > 0 {
                evidence.failed = Some((*index, *answer));
            }
        }
        evidence.forget();
    }

    /// What is known in the middle of a step: [`Outcome::Fail`] as soon as a replica failed too often in a row, and otherwise
    /// [`Outcome::Pass`] or [`Outcome::NoData`], neither of which is final.
    pub fn verdict_now(&self, evidence: &Evidence) -> Verdict {
        self.verdict(evidence, Outcome::NoData)
    }

    /// What is known at the end of a step: [`Outcome::Pass`] when every replica passed in the last round. While one fails, but
    /// not often enough, it is [`Outcome::NoData`]: the next rounds decide. No answer at all within the step counts as
    /// `no_data` says, by default as inconclusive; so a round is made before the verdict is asked for.
    pub fn verdict_at_step_end(&self, evidence: &Evidence, no_data: NoData) -> Verdict {
        let nobody = match no_data {
            NoData::Default | NoData::Inconclusive => Outcome::Inconclusive,
            NoData::Pass => Outcome::Pass,
            NoData::Fail => Outcome::Fail,
            NoData::Error => Outcome::Error,
        };
        self.verdict(evidence, nobody)
    }

    fn verdict(&self, evidence: &Evidence, nobody: Outcome) -> Verdict {
        let asked = evidence.replicas.iter().filter(|(_, replica)| replica.current);
        let failing = asked.clone().find(|(_, replica)| replica.failures > 0);
        let (outcome, measured) = if let Err(invalid) = self.check() {
            (Outcome::Error, invalid.to_string())
        } else if let Some((index, last)) = &evidence.failed {
            (Outcome::Fail, format!("replica {index} {last}, failure {0} of {0} in a row", self.failures))
        } else if let Some(why) = &evidence.unmeasured {
            (Outcome::Error, why.to_string())
        } else if let Some((index, Replica { last, failures, .. })) = failing {
            (Outcome::NoData, format!("replica {index} {last}, failure {failures} of {} in a row", self.failures))
        } else {
            match asked.count() {
                0 => (nobody, "no replica was asked".to_owned()),
                1 => (Outcome::Pass, format!("1 replica answered {}", self.status)),
                count => (Outcome::Pass, format!("{count} replicas answered {}", self.status)),
            }
        };
        let threshold = format!(
            "GET {} answers {} within {}, at most {} failures in a row",
            self.path,
            self.status,
            self.timeout,
            self.failures.saturating_sub(1)
        );
        Verdict { outcome, measured, threshold }
    }
}

impl Evidence {
    /// From here on, what was answered before is not the present.
    pub(super) fn end_round(&mut self) {
        for replica in self.replicas.values_mut() {
            replica.current = false;
        }
    }

    /// Leaves out replicas that matter no more, so that a candidate whose replicas come and go does not fill the journal.
    fn forget(&mut self) {
        self.replicas.retain(|_, replica| replica.current || replica.failures > 0);
        let mut excess = self.replicas.values().filter(|replica| !replica.current).count().saturating_sub(REMEMBERED);
        self.replicas.retain(|_, replica| {
            let keep = replica.current || excess == 0;
            excess -= usize::from(!keep);
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe() -> Probe {
        Probe { path: "/health".to_owned(), status: 200, timeout: Span::from_secs(1), failures: 3 }
    }

    /// The outcomes after each round: in the middle of the step, and if the step ended here.
    #[track_caller]
    fn check(rounds: &[&[(u32, Answer)]], expected: &[(Outcome, Outcome)]) -> Evidence {
        let (probe, mut evidence) = (probe(), Evidence::default());
        let mut found = Vec::new();
        for round in rounds {
            probe.observe(&mut evidence, &round.iter().copied().collect());
            let end = probe.verdict_at_step_end(&evidence, NoData::Default);
            found.push((probe.verdict_now(&evidence).outcome, end.outcome));
        }
        assert_eq!(found, expected);
        evidence
    }

    const GOOD: Answer = Answer::Status(200);
    const BAD: Answer = Answer::Status(500);
    use Outcome::{Error, Fail, Inconclusive, NoData as Open, Pass};

    #[test]
    fn so_many_failures_in_a_row_of_one_replica_fail() {
        let open = (Open, Open);
        check(&[&[(0, BAD)], &[(0, Answer::Timeout)], &[(0, Answer::Unreachable)]], &[open, open, (Fail, Fail)]);
        check(&[&[(0, BAD)], &[(0, BAD)], &[(0, GOOD)], &[(0, BAD)]], &[open, open, (Pass, Pass), open]);
        // Another replica that is well does not hide it, and failures of several are not added.
        check(&[&[(0, BAD), (1, GOOD)], &[(0, BAD), (1, BAD)], &[(0, GOOD), (1, BAD)]], &[open, open, open]);
        // It does not escape by not being ready for a while.
        let rounds: [&[_]; 5] = [&[(0, BAD)], &[(0, BAD)], &[(1, GOOD)], &[], &[(0, BAD)]];
        let evidence = check(&rounds, &[open, open, (Pass, Pass), (Open, Inconclusive), (Fail, Fail)]);
        assert_eq!(
            probe().verdict_now(&evidence),
            Verdict {
                outcome: Fail,
                measured: "replica 0 answered 500, failure 3 of 3 in a row".to_owned(),
                threshold: "GET /health answers 200 within 1s, at most 2 failures in a row".to_owned(),
            }
        );
    }

    #[test]
    fn what_failed_stays_failed() {
        check(
            &[&[(0, BAD)], &[(0, BAD)], &[(0, BAD)], &[(0, GOOD)]],
            &[(Open, Open), (Open, Open), (Fail, Fail), (Fail, Fail)],
        );
    }

    #[test]
    fn nobody_asked_counts_as_the_user_says() {
        for (no_data, expected) in [
            (NoData::Default, Inconclusive),
            (NoData::Inconclusive, Inconclusive),
            (NoData::Pass, Pass),
            (NoData::Fail, Fail),
            (NoData::Error, Error),
        ] {
            assert_eq!(probe().verdict_at_step_end(&Evidence::default(), no_data).outcome, expected, "{no_data:?}");
        }
    }

    #[test]
    fn a_probe_that_cannot_be_made_is_an_error() {
        assert_eq!(probe().check(), Ok(()));
        let wrong = [
            Probe { path: "health".to_owned(), ..probe() },
            Probe { path: "/a b".to_owned(), ..probe() },
            Probe { status: 100, ..probe() },
            Probe { timeout: Span::ZERO, ..probe() },
            Probe { failures: 0, ..probe() },
        ];
        for wrong in wrong {
            assert!(wrong.check().is_err(), "{wrong:?}");
            let mut evidence = Evidence::default();
            wrong.observe(&mut evidence, &Round::from([(0, BAD), (1, GOOD)]));
            assert_eq!(wrong.verdict_now(&evidence).outcome, Error, "{wrong:?}");
        }
    }

    #[test]
    fn replicas_that_come_and_go_do_not_pile_up() {
        let mut evidence = Evidence::default();
        let probe = Probe { failures: u32::MAX, ..probe() };
        for index in 0..5_000 {
            probe.observe(&mut evidence, &Round::from([(index, BAD)]));
        }
        assert_eq!(evidence.replicas.len(), REMEMBERED + 1);
        assert!(evidence.replicas.contains_key(&4_999));
        probe.observe(&mut evidence, &(0..5_000).map(|index| (index, GOOD)).collect());
        probe.observe(&mut evidence, &Round::from([(0, GOOD)]));
        assert_eq!(evidence.replicas.len(), 1);
    }
}
