//! Durations in log-linear buckets: cheap to add to, exact to one percent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Buckets in each doubling: half a bucket's width is below 0.8 % of its value.
const PER_DOUBLING: u64 = 1 << BITS;
const BITS: u32 = 6;
/// Values of 2^38 ns (275 s) and more share the last bucket.
const TOP: u32 = 38;
const BUCKETS: usize = ((TOP - BITS + 1) as usize) << BITS;

fn bucket(nanos: u64) -> usize {
    if nanos < PER_DOUBLING {
        return usize::try_from(nanos).expect("below 64");
    }
    let shift = nanos.ilog2() - BITS;
    let position = u64::from(shift + 1) * PER_DOUBLING + ((nanos >> shift) - PER_DOUBLING);
    usize::try_from(position).map_or(BUCKETS - 1, |position| position.min(BUCKETS - 1))
}

/// The lowest value of a bucket and its width, in nanoseconds.
fn bounds(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < PER_DOUBLING {
        return (bucket, 1);
    }
    let shift = bucket / PER_DOUBLING - 1;
    ((PER_DOUBLING + bucket % PER_DOUBLING) << shift, 1 << shift)
}

/// A histogram that many threads add to.
#[derive(Debug)]
pub(super) struct Recorder {
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)].fetch_add(1, Relaxed);
        self.sum.fetch_add(nanos, Relaxed);
    }

    pub(super) fn snapshot(&self) -> Histogram {
        Histogram {
            buckets: self.buckets.iter().map(|count| count.load(Relaxed)).collect(),
            sum: Duration::from_nanos(self.sum.load(Relaxed)),
        }
    }
}

/// How many requests took how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: Vec<u64>,
    sum: Duration,
}

impl Histogram {
    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The sum of all.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The value that the fraction `quantile` of all does not exceed, off by at most 1 %; none if nothing was counted.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rank = ((count as f64 * quantile.clamp(0.0, 1.0)).ceil() as u64).clamp(1, count);
        let mut below = 0;
        let found = self.buckets.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        let (low, width) = bounds(found);
        Some(Duration::from_nanos(low + width / 2))
    }

    /// How many took at most `limit`, off by those within 1 % of it.
    pub fn within(&self, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.buckets.iter().take(bucket(limit) + 1).sum()
    }

    /// What came after `earlier`, a reading of the same counter.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.buckets.iter().copied().chain(std::iter::repeat(0));
        Self {
            buckets: self.buckets.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect(),
            sum: self.sum.saturating_sub(earlier.sum),
        }
    }

    /// Adds the requests of another, as when intervals are merged.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_reads_back_within_one_percent(nanos in 0_u64..270_000_000_000) {
            let recorder = Recorder::new();
            recorder.add(Duration::from_nanos(nanos));
            let back = recorder.snapshot().quantile(0.5).unwrap().as_nanos();
            prop_assert!(back.abs_diff(u128::from(nanos)) * 100 <= u128::from(nanos), "{nanos} read as {back}");
        }
    }

    #[test]
    fn every_bucket_holds_its_bounds() {
        for position in 0..BUCKETS {
            let (low, width) = bounds(position);
            assert_eq!((bucket(low), bucket(low + width - 1)), (position, position));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_differences_and_merges() {
        let recorder = Recorder::new();
        assert_eq!(recorder.snapshot().quantile(0.99), None);
        (1..=100).for_each(|ms| recorder.add(Duration::from_millis(ms)));
        let first = recorder.snapshot();
        let near = |histogram: &Histogram, quantile, ms: f64| {
            let got = histogram.quantile(quantile).unwrap().as_secs_f64() * 1e3;
            assert!((got - ms).abs() <= ms / 100.0, "{got} for {ms}");
        };
        near(&first, 0.5, 50.0);
        near(&first, 0.99, 99.0);
        near(&first, 1.0, 100.0);
        assert_eq!(first.within(Duration::from_millis(30)), 30);
        recorder.add(Duration::from_secs(9));
        let mut later = recorder.snapshot().since(&first);
        assert_eq!((later.count(), later.sum()), (1, Duration::from_secs(9)));
        later.merge(&first);
        assert_eq!(later, recorder.snapshot());
    }
}
