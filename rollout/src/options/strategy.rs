//! How a new version takes over.

use framework::Attributes;

use crate::{Span, Weight};

/// How a new version takes over.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub enum Strategy {
    /// A growing share of the traffic, step by step.
    Canary(Canary),
}

/// A growing share of the traffic, step by step.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub struct Canary {
    /// The steps, with growing weights. Leave out for 5 % for 10 minutes, 25 % for 10 minutes and 50 % for 15 minutes. All traffic follows
    /// after the last one.
    pub steps: Option<Vec<Rung>>,
}

/// A step of a canary.
#[derive(Clone, Debug, PartialEq, Attributes)]
pub struct Rung {
    /// The share of the traffic that the new version gets, in percent, with at most two decimals.
    pub weight: Percent,
    /// How long it stays there and is watched, such as `10m`; `approval` waits for a person. Leave out to go on as soon as the gates pass;
    /// `0s` asks them once.
    pub pause: Option<Pause>,
    /// How long `approval` waits for a person before the version is taken back. Leave out for `24h`.
    pub deadline: Option<Span>,
}

/// How long a step is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// So long.
    Elapsed(Span),
    /// Until a person approves.
    Approval,
}

/// A share of the traffic, written in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub Weight);
