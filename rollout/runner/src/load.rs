//! How many requests the stable revision has, over the last day.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rollout::RevisionId;
use tokio::time::Instant;

use crate::Traffic;

const HOUR: Duration = Duration::from_hours(1);
const HOURS: usize = 24;
/// Less than that says nothing.
const ENOUGH: Duration = Duration::from_secs(10);

/// Counts by the hour.
#[derive(Debug)]
pub(crate) struct Load {
    /// When the oldest hour began.
    since: Instant,
    /// When the newest hour began.
    hour: Instant,
    hours: VecDeque<u64>,
    last: Option<(RevisionId, u64)>,
}

impl Load {
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, hour: now, hours: VecDeque::from([0]), last: None }
    }

    /// Notes what was counted so far, and gives the requests per second of the last day.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        traffic: &BTreeMap<RevisionId, Traffic>,
        stable: Option<&RevisionId>,
    ) -> Option<f64> {
        while now.duration_since(self.hour) >= HOUR {
            self.hour += HOUR;
            self.hours.push_back(0);
            if self.hours.len() > HOURS {
                self.hours.pop_front();
                self.since += HOUR;
            }
        }
        let stable = stable?;
        let requests = traffic.get(stable).map_or(0, |traffic| traffic.requests);
        let before = match &self.last {
            Some((revision, before)) if revision == stable && *before <= requests => *before,
            // Another revision is stable now: what it had as a candidate is not the service's rate.
            _ => requests,
        };
        if let Some(hour) = self.hours.back_mut() {
            *hour += requests - before;
        }
        self.last = Some((stable.clone(), requests));
        let time = now.duration_since(self.since);
        let total: u64 = self.hours.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = total as f64 / time.as_secs_f64();
        (time >= ENOUGH).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_day() {
        let start = Instant::now();
        let mut load = Load::new(start);
        let stable = RevisionId::from("s");
        let traffic = |requests| BTreeMap::from([(stable.clone(), Traffic { requests, errors: 0 })]);
        assert_eq!(load.note(start, &traffic(500), Some(&stable)), None, "what was before does not count");
        assert_eq!(load.note(start + Duration::from_secs(100), &traffic(1_500), Some(&stable)), Some(10.0));
        assert_eq!(load.note(start + 30 * HOUR, &traffic(1_500), Some(&stable)), Some(0.0));
    }
}
