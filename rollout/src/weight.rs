//! Shares of the traffic, in basis points.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RevisionId;

/// The share of the traffic that a revision gets, in basis points: 10,000 is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Weight(u16);

impl Weight {
    /// No traffic.
    pub const ZERO: Self = Self(0);
    /// All traffic.
    pub const ALL: Self = Self(10_000);

    /// A share of so many basis points; `None` above 10,000.
    pub const fn from_basis_points(basis_points: u16) -> Option<Self> {
        if basis_points <= Self::ALL.0 { Some(Self(basis_points)) } else { None }
    }

    /// The share in basis points.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// The share in percent.
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// What the others get.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(Self::ALL.0 - self.0)
    }

    /// The part of `replicas` that this share needs, rounded up: `ceil(weight x replicas)`.
    pub fn of(self, replicas: u32) -> u32 {
        let part = (u64::from(self.0) * u64::from(replicas)).div_ceil(u64::from(Self::ALL.0));
        u32::try_from(part).unwrap_or(u32::MAX)
    }
}

/// In percent, with as many digits as needed: `5 %`, `12.5 %`.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

impl TryFrom<u16> for Weight {
    type Error = String;

    fn try_from(basis_points: u16) -> Result<Self, String> {
        Self::from_basis_points(basis_points).ok_or_else(|| format!("{basis_points} basis points are more than 10000"))
    }
}

/// How the traffic is spread. Revisions that are not listed get nothing; the weights sum to [`Weight::ALL`], or there are none.
pub type Weights = BTreeMap<RevisionId, Weight>;

/// All traffic to one revision.
pub fn all_to(revision: &RevisionId) -> Weights {
    Weights::from([(revision.clone(), Weight::ALL)])
}

/// A part to `candidate` and the rest to `stable`.
pub fn split(stable: &RevisionId, candidate: &RevisionId, weight: Weight) -> Weights {
    [(stable.clone(), weight.rest()), (candidate.clone(), weight)]
        .into_iter()
        .filter(|(_, weight)| *weight > Weight::ZERO)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_replicas_is_rounded_up() {
        let weight = |basis_points| Weight::from_basis_points(basis_points).unwrap();
        for (basis_points, replicas, expected) in [(0, 5, 0), (1, 1, 1), (500, 20, 1), (500, 21, 2), (10_000, 3, 3)] {
            assert_eq!(weight(basis_points).of(replicas), expected, "{basis_points} of {replicas}");
        }
        assert_eq!(Weight::from_basis_points(10_001), None);
        assert_eq!(weight(1250).to_string(), "12.5 %");
        assert_eq!(weight(500).to_string(), "5 %");
    }

    #[test]
    fn a_split_sums_to_all_and_leaves_out_who_gets_nothing() {
        let (stable, candidate) = (RevisionId::from("a"), RevisionId::from("b"));
        for basis_points in [0, 1, 500, 10_000] {
            let weights = split(&stable, &candidate, Weight::from_basis_points(basis_points).unwrap());
            assert_eq!(weights.values().map(|weight| weight.basis_points()).sum::<u16>(), 10_000);
            assert!(!weights.values().any(|weight| *weight == Weight::ZERO));
        }
    }
}
