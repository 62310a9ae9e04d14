//! Which revision the next request goes to: a golden-ratio counter over the weights, no dice.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// 2^64 divided by the golden ratio, odd: the step of the rotation.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A division of the circle into one arc per revision, in the order of the revisions, and the counter that walks it.
///
/// Request number `n` falls on the point `n / golden ratio mod 1`. That sequence is spread so evenly (Weyl 1916; the
/// golden ratio has the lowest discrepancy of all rotations known) that of the first N requests each of two revisions gets
/// its weight times N, give or take 4, for every N up to 10^6. An arc between two others has two ends to be off at: of
/// three or more revisions the inner ones are off by 6 at most. So would a walk be that does not begin at 0, and new
/// weights begin a new one.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The end of each arc (exclusive) and who owns it; the last arc is closed by the end of the circle.
    arcs: Vec<(u64, usize)>,
    number: AtomicU64,
}

impl Choice {
    /// Divides the circle by `weights`, which need not sum to anything; owners are their positions. A weight of 0 owns
    /// nothing.
    pub(super) fn new(weights: impl Iterator<Item = u32> + Clone) -> Self {
        let total: u128 = weights.clone().map(u128::from).sum();
        let mut arcs = Vec::new();
        let mut below: u128 = 0;
        for (owner, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0) {
            below += u128::from(weight);
            let end = (below << 64) / total;
            arcs.push((u64::try_from(end).unwrap_or(u64::MAX), owner));
        }
        Self { arcs, number: AtomicU64::new(0) }
    }

    /// The owner of the next request; none if all weights are 0.
    pub(super) fn next(&self) -> Option<usize> {
        let point = self.number.fetch_add(1, Relaxed).wrapping_mul(STEP);
        let found = self.arcs.iter().find(|(end, _)| point < *end).or(self.arcs.last());
        found.map(|(_, owner)| *owner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The farthest that any revision is from its share, over all prefixes of `n` requests.
    fn worst(weights: &[u32], n: u32) -> f64 {
        let choice = Choice::new(weights.iter().copied());
        let total: u32 = weights.iter().sum();
        let mut got = vec![0_u32; weights.len()];
        let mut worst = 0.0_f64;
        for i in 1..=n {
            got[choice.next().unwrap()] += 1;
            for (got, weight) in got.iter().zip(weights) {
                let due = f64::from(i) * f64::from(*weight) / f64::from(total);
                worst = worst.max((f64::from(*got) - due).abs());
            }
        }
        worst
    }

    #[test]
    fn a_million_requests_keep_the_share() {
        for candidate in [1, 10, 500, 1_000, 2_500, 3_333, 5_000, 5_690, 9_999] {
            let off = worst(&[10_000 - candidate, candidate], 1_000_000);
            assert!(off <= 4.0, "{candidate} is off by {off}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

        #[test]
        fn two_revisions_keep_their_shares(candidate in 1_u32..10_000) {
            let off = worst(&[10_000 - candidate, candidate], 100_000);
            prop_assert!(off <= 4.0, "off by {off}");
        }

        #[test]
        fn three_revisions_keep_their_shares(a in 1_u32..4_000, b in 1_u32..4_000) {
            let off = worst(&[10_000 - a - b, a, b], 100_000);
            prop_assert!(off <= 6.0, "off by {off}");
        }
    }

    #[test]
    fn a_weight_of_zero_gets_nothing() {
        let choice = Choice::new([0, 10_000, 0].into_iter());
        assert!((0..10_000).all(|_| choice.next() == Some(1)));
        assert_eq!(Choice::new([0, 0].into_iter()).next(), None);
    }
}
