//! The share of requests that fail, against the stable revision or against a fixed limit.

use serde::{Deserialize, Serialize};

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

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {}
