//! Gates that are being evaluated: what was measured last, and when to measure next.

use std::collections::BTreeMap;
use std::time::Duration;

use rollout::RevisionId;
use rollout::gate::error_rate::{Counts, Interval};
use rollout::gate::http::Round;
use rollout::gate::{Evidence, Gate, Measurement, Metric};
use tokio::time::Instant;

use crate::Traffic;

/// One gate of the running rollout.
#[derive(Debug)]
pub(crate) struct Gauge {
    pub(crate) gate: Gate,
    pub(crate) evidence: Evidence,
    /// What had been counted when it was measured last; absent until counting begins.
    last: Option<BTreeMap<RevisionId, Traffic>>,
    /// When counting begins: `initial_delay` after the gate was started.
    begins: Instant,
    pub(crate) next: Instant,
    /// Whether a probe is under way.
    pub(crate) asking: bool,
}

impl Gauge {
    /// Begins to evaluate, with what was kept from before a restart.
    pub(crate) fn start(gate: Gate, kept: Option<Evidence>, now: Instant) -> Self {
        // A delay that had been waited for already is not waited for again.
        let delay = if kept.is_some() { Duration::ZERO } else { gate.initial_delay.into() };
        let evidence = kept.unwrap_or_else(|| gate.no_evidence());
        Self { gate, evidence, last: None, begins: now + delay, next: now, asking: false }
    }

    /// Goes on from the evidence of the machine, which was changed because a step begins.
    pub(crate) fn go_on(&mut self, evidence: Option<Evidence>) {
        self.evidence = evidence.unwrap_or_else(|| self.gate.no_evidence());
    }

    /// Whether it is to be measured now; then the next time is set.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        if now < self.next || now < self.begins || self.asking {
            self.next = self.next.max(self.begins);
            return false;
        }
        self.next = now + Duration::from(self.gate.interval).max(Duration::from_millis(100));
        true
    }

    /// Whether it is measured by asking the candidate.
    pub(crate) fn probes(&self) -> bool {
        matches!(self.gate.metric, Metric::Http(_))
    }

    /// Takes what was counted so far; the first time only sets the point to count from.
    pub(crate) fn count(
        &mut self,
        traffic: &BTreeMap<RevisionId, Traffic>,
        candidate: &RevisionId,
        stable: Option<&RevisionId>,
    ) {
        if let Some(last) = &self.last {
            let since = |revision: &RevisionId| {
                let (now, last) = (traffic.get(revision), last.get(revision));
                let (now, last) = (now.copied().unwrap_or_default(), last.copied().unwrap_or_default());
                // Counters begin again when a revision is retired and comes back.
                let last = if last.requests > now.requests { Traffic::default() } else { last };
                Counts {
                    requests: now.requests.saturating_sub(last.requests),
                    errors: now.errors.saturating_sub(last.errors),
                }
            };
            let interval = Interval { candidate: since(candidate), stable: stable.map(since) };
            self.gate.observe(&mut self.evidence, &Measurement::Requests(interval));
        }
        self.last = Some(traffic.clone());
    }

    /// Takes what the candidate answered.
    pub(crate) fn answered(&mut self, round: Round) {
        self.asking = false;
        self.gate.observe(&mut self.evidence, &Measurement::Probes(round));
    }
}

#[cfg(test)]
mod tests {
    use rollout::Span;
    use rollout::gate::error_rate::Limits;
    use rollout::gate::{NoData, Outcome};

    use super::*;

    fn gate(initial_delay: Span) -> Gate {
        Gate {
            name: "errors".into(),
            metric: Metric::ErrorRate(Limits { max_ratio_to_baseline: Some(2.0), max: None, min_samples: 10 }),
            no_data: NoData::Default,
            dry_run: false,
            interval: Span::from_secs(1),
            initial_delay,
        }
    }

    fn traffic(candidate: (u64, u64), stable: (u64, u64)) -> BTreeMap<RevisionId, Traffic> {
        let traffic = |(requests, errors)| Traffic { requests, errors };
        BTreeMap::from([("c".into(), traffic(candidate)), ("s".into(), traffic(stable))])
    }

    #[test]
    fn only_what_came_since_is_counted_and_a_step_begins_anew() {
        let (c, s) = (RevisionId::from("c"), RevisionId::from("s"));
        let now = Instant::now();
        let mut gauge = Gauge::start(gate(Span::ZERO), None, now);
        assert!(gauge.is_due(now) && !gauge.is_due(now));
        gauge.count(&traffic((1_000, 1_000), (0, 0)), &c, Some(&s));
        assert_eq!(gauge.gate.verdict_now(&gauge.evidence).outcome, Outcome::NoData, "what was before does not count");
        gauge.count(&traffic((1_010, 1_000), (200, 0)), &c, Some(&s));
        assert_eq!(gauge.gate.verdict_now(&gauge.evidence).outcome, Outcome::Pass);
        let mut evidence = gauge.evidence.clone();
        gauge.gate.begin_step(&mut evidence);
        gauge.go_on(Some(evidence));
        assert_ne!(gauge.gate.verdict_now(&gauge.evidence).outcome, Outcome::Pass, "a step needs samples of its own");
        // The candidate's counters began again.
        gauge.count(&traffic((20, 20), (2_000, 0)), &c, Some(&s));
        assert_eq!(gauge.gate.verdict_now(&gauge.evidence).outcome, Outcome::Fail);
    }

    #[test]
    fn a_warm_up_is_left_out_once() {
        let now = Instant::now();
        let mut gauge = Gauge::start(gate(Span::from_secs(10)), None, now);
        assert!(!gauge.is_due(now) && !gauge.is_due(now + Duration::from_secs(9)));
        assert!(gauge.is_due(now + Duration::from_secs(10)));
        let kept = gauge.evidence.clone();
        assert!(Gauge::start(gate(Span::from_secs(10)), Some(kept), now).is_due(now));
    }
}
