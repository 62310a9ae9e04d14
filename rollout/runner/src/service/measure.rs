//! The gates of a service: when to measure what, and what to tell the machine of it.

use std::sync::Arc;

use rollout::gate::Metric;
use rollout::machine::Event;
use tokio::time::Instant;

use super::{Finished, IDLE_TICK, Task};

impl Task {
    pub(super) fn next_measurement(&self) -> Instant {
        let far = Instant::now() + IDLE_TICK;
        self.gauges
            .values()
            .filter(|gauge| !gauge.asking)
            .map(|gauge| gauge.next)
            .min()
            .map_or(far, |next| next.min(far))
    }

    /// Measures what is due.
    pub(super) async fn measure(&mut self) {
        let view = self.record.state.view();
        let Some(candidate) = view.candidate else {
            self.gauges.clear();
            return;
        };
        let now = Instant::now();
        let traffic = self.target.traffic();
        let mut judged = Vec::new();
        for (name, gauge) in &mut self.gauges {
            if !gauge.is_due(now) {
                continue;
            }
            if gauge.probes() {
                gauge.asking = true;
                let Metric::Http(probe) = gauge.gate.metric.clone() else { continue };
                let (target, name, revision) = (Arc::clone(&self.target), name.clone(), candidate.clone());
                self.work.spawn(async move { Finished::Probed(name, target.probe(&revision, &probe).await) });
            } else {
                gauge.count(&traffic, &candidate, view.stable.as_ref());
                judged.push(name.clone());
            }
        }
        for name in judged {
            self.judge(&name).await;
        }
    }

    pub(super) async fn probed(&mut self, name: &str, round: rollout::gate::http::Round) {
        if let Some(gauge) = self.gauges.get_mut(name) {
            gauge.answered(round);
            self.judge(name).await;
        }
    }

    async fn judge(&mut self, name: &str) {
        let Some(gauge) = self.gauges.get(name) else { return };
        let (gate, evidence) = (&gauge.gate, gauge.evidence.clone());
        let at_end = self.record.state.at_step_end();
        let verdict = if at_end { gate.verdict_at_step_end(&evidence) } else { gate.verdict_now(&evidence) };
        self.happens(Event::Gate { name: name.to_owned(), verdict, evidence }).await;
    }
}
