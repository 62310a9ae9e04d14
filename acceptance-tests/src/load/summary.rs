//! What became of the requests of a load.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The length of a bucket of the timeline.
const BUCKET: Duration = Duration::from_millis(100);

/// How many versions are told apart; further ones are counted as `other`.
const VERSIONS: usize = 100;

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failed {
    /// No connection could be made.
    Connect,
    /// The connection ended before there was a response.
    Reset,
    /// A POST on a connection that had been used before and ended without a byte of a response.
    Stale,
    /// What came is no HTTP.
    Malformed,
    /// A response with a status that is not 2xx.
    Status(u16),
    /// The response ended before it was complete.
    CutShort,
    /// The response is not what was sent, or is larger than 64 MiB.
    WrongBody,
    /// There was no complete response in time.
    Timeout,
    /// Too many requests were under way, so it was not sent.
    NotSent,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Reset => f.write_str("reset"),
            Self::Stale => f.write_str("stale connection"),
            Self::Malformed => f.write_str("malformed"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::CutShort => f.write_str("cut short"),
            Self::WrongBody => f.write_str("wrong body"),
            Self::Timeout => f.write_str("timeout"),
            Self::NotSent => f.write_str("not sent"),
        }
    }
}

/// What became of one request.
#[derive(Default)]
pub(super) struct Answer {
    /// Who answered, when somebody did.
    pub(super) version: Option<String>,
    /// Whether it was sent a second time.
    pub(super) resent: bool,
    /// How it failed.
    pub(super) failed: Option<Failed>,
}

/// The requests that a version answered, completely or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByVersion {
    /// How many reached it.
    pub sent: u64,
    /// How many of these failed.
    pub failed: u64,
}

/// What became of the requests of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many were due. While the load runs, some may have no answer yet.
    pub sent: u64,
    /// How many were answered as they should be.
    pub ok: u64,
    /// How many failed, by how.
    pub failed: Vec<(Failed, u64)>,
    /// How many GET were sent a second time, because a server closed a connection that was kept alive, and requests that had
    /// not left.
    pub resent: u64,
    /// By the version that answered. Requests without one, such as those that were refused, are not listed.
    pub by_version: BTreeMap<String, ByVersion>,
    /// Half of the good answers took at most so long, from when the request was due.
    pub p50: Duration,
    /// 99 of 100 good answers took at most so long.
    pub p99: Duration,
    /// The slowest good answer.
    pub max: Duration,
    /// How many requests each version answered of those due in each 100 ms since the start.
    pub timeline: Vec<BTreeMap<String, u64>>,
}

impl Summary {
    /// How many failed in all.
    pub fn failures(&self) -> u64 {
        self.failed.iter().map(|(_, count)| count).sum()
    }

    /// The share of a version among the answers in each 100 ms; `None` where there were none.
    #[expect(clippy::cast_precision_loss, reason = "a million requests are counted exactly")]
    pub fn shares(&self, version: &str) -> Vec<Option<f64>> {
        let share = |bucket: &BTreeMap<String, u64>| {
            let all: u64 = bucket.values().sum();
            (all > 0).then(|| bucket.get(version).copied().unwrap_or(0) as f64 / all as f64)
        };
        self.timeline.iter().map(share).collect()
    }

    /// The highest share of a version in any stretch of the timeline that is just long enough for `least` answers: few answers
    /// vary by chance, and a proxy that spreads evenly keeps within 4 requests of a share. 0 when there are not so many.
    #[expect(clippy::cast_precision_loss, reason = "a million requests are counted exactly")]
    pub fn highest_share(&self, version: &str, least: u64) -> f64 {
        let counts = self.timeline.iter().map(|bucket| {
            let all: u64 = bucket.values().sum();
            (all, bucket.get(version).copied().unwrap_or(0))
        });
        let counts: Vec<(u64, u64)> = counts.collect();
        let (mut from, mut all, mut own, mut highest) = (0, 0, 0, 0.0_f64);
        for (bucket_all, bucket_own) in &counts {
            all += bucket_all;
            own += bucket_own;
            while all - counts[from].0 >= least.max(1) {
                all -= counts[from].0;
                own -= counts[from].1;
                from += 1;
            }
            if all >= least.max(1) {
                highest = highest.max(own as f64 / all as f64);
            }
        }
        highest
    }
}

/// For people: `1000 requests, 998 ok, failed: 2 status 503; v1 900, v2 100 (2 failed); p50 1.2 ms, p99 3 ms, max 12 ms`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests, {} ok", self.sent, self.ok)?;
        for (index, (kind, count)) in self.failed.iter().enumerate() {
            write!(f, "{}{count} {kind}", if index == 0 { ", failed: " } else { ", " })?;
        }
        for (index, (version, count)) in self.by_version.iter().enumerate() {
            write!(f, "{}{version} {}", if index == 0 { "; " } else { ", " }, count.sent)?;
            if count.failed > 0 {
                write!(f, " ({} failed)", count.failed)?;
            }
        }
        write!(f, "; p50 {:.1?}, p99 {:.1?}, max {:.1?}", self.p50, self.p99, self.max)
    }
}

/// What is counted while the load runs.
#[derive(Default)]
pub(super) struct Tally {
    sent: u64,
    ok: u64,
    resent: u64,
    failed: BTreeMap<Failed, u64>,
    by_version: BTreeMap<String, ByVersion>,
    timeline: Vec<BTreeMap<String, u64>>,
    /// Of good answers, in microseconds.
    latencies: Vec<u32>,
}

impl Tally {
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    pub(super) fn not_sent(&mut self, offset: Duration) {
        self.sent += 1;
        self.answered(offset, Duration::ZERO, Answer { failed: Some(Failed::NotSent), ..Answer::default() });
    }

    /// A request that was due `offset` after the start ended after `latency`.
    pub(super) fn answered(&mut self, offset: Duration, latency: Duration, answer: Answer) {
        self.resent += u64::from(answer.resent);
        if let Some(kind) = answer.failed {
            *self.failed.entry(kind).or_default() += 1;
        } else {
            self.ok += 1;
            self.latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        }
        let Some(mut version) = answer.version else { return };
        if self.by_version.len() >= VERSIONS && !self.by_version.contains_key(&version) {
            "other".clone_into(&mut version);
        }
        let bucket = usize::try_from(offset.as_millis() / BUCKET.as_millis()).unwrap_or(usize::MAX);
        if self.timeline.len() <= bucket {
            self.timeline.resize_with(bucket + 1, BTreeMap::new);
        }
        *self.timeline[bucket].entry(version.clone()).or_default() += 1;
        let count = self.by_version.entry(version).or_default();
        count.sent += 1;
        count.failed += u64::from(answer.failed.is_some());
    }

    pub(super) fn summary(&self) -> Summary {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        // The nearest rank: at least so many of 100 are at most as slow.
        let quantile = |percent: usize| {
            let rank = (latencies.len() * percent).div_ceil(100).max(1);
            latencies.get(rank - 1).map_or(Duration::ZERO, |micros| Duration::from_micros(u64::from(*micros)))
        };
        Summary {
            sent: self.sent,
            ok: self.ok,
            failed: self.failed.iter().map(|(kind, count)| (*kind, *count)).collect(),
            resent: self.resent,
            by_version: self.by_version.clone(),
            p50: quantile(50),
            p99: quantile(99),
            max: quantile(100),
            timeline: self.timeline.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(version: &str) -> Answer {
        Answer { version: Some(version.to_owned()), ..Answer::default() }
    }

    #[test]
    fn latencies_are_ranked() {
        let mut tally = Tally::default();
        assert_eq!(tally.summary(), Summary::default());
        for millis in (1..=200).rev() {
            tally.answered(Duration::ZERO, Duration::from_millis(millis), good("v1"));
        }
        let Summary { p50, p99, max, .. } = tally.summary();
        assert_eq!([p50, p99, max].map(|latency| latency.as_millis()), [100, 198, 200]);
    }

    #[test]
    fn the_highest_share_is_that_of_a_stretch_that_is_long_enough() {
        let mut tally = Tally::default();
        // 10 answers in each 100 ms; v2 has 0, 1, 5, 5, 0 of them.
        for (bucket, share) in [0, 1, 5, 5, 0].into_iter().enumerate() {
            for n in 0..10 {
                let offset = Duration::from_millis(100 * bucket as u64 + n);
                tally.answered(offset, Duration::ZERO, good(if n < share { "v2" } else { "v1" }));
            }
        }
        let summary = tally.summary();
        assert_eq!(summary.shares("v2"), [0.0, 0.1, 0.5, 0.5, 0.0].map(Some));
        for (least, expected) in [(1, 0.5), (20, 0.5), (30, 11.0 / 30.0), (50, 0.22), (51, 0.0)] {
            assert!((summary.highest_share("v2", least) - expected).abs() < 1e-9, "of {least}");
        }
        assert!(summary.highest_share("v3", 1) < 1e-9);
    }

    #[test]
    fn what_goes_wrong_is_told_by_kind_and_version() {
        let mut tally = Tally::default();
        let at = Duration::from_millis(250);
        tally.sent();
        tally.answered(at, Duration::from_millis(2), good("v1"));
        for _ in 0..2 {
            tally.sent();
            tally.answered(at, Duration::ZERO, Answer { failed: Some(Failed::Status(503)), ..good("v2") });
        }
        tally.not_sent(at);
        let summary = tally.summary();
        assert_eq!((summary.failures(), summary.timeline.len()), (3, 3));
        assert_eq!(
            summary.to_string(),
            "4 requests, 1 ok, failed: 2 status 503, 1 not sent; v1 1, v2 2 (2 failed); p50 2.0ms, p99 2.0ms, max 2.0ms"
        );
    }

    #[test]
    fn versions_without_end_are_counted_together() {
        let mut tally = Tally::default();
        for n in 0..1_000 {
            tally.answered(Duration::ZERO, Duration::ZERO, good(&format!("v{n}")));
        }
        let summary = tally.summary();
        assert_eq!((summary.by_version.len(), summary.by_version["other"].sent), (VERSIONS + 1, 900));
    }
}
