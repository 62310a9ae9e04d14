//! What a [`Rollout`] is declared with.

pub use ::rollout::options::{
    Absence, Canary, GateMetric, GateOptions, Local, LocalProtocol, LocalReadiness, OnDestroy, OnFailedVersion,
    OnInterrupt, Pause, Percent, Rollout, Rung, Strategy, Target, Timeouts,
};
pub use ::rollout::{Span, Weight};
