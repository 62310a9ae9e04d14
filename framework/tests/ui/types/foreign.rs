use std::time::Duration;

use framework::Attributes;

/// A rollout.
#[derive(Attributes)]
#[attr(resource = "demo_rollout", builder = Rollout, outputs = Outputs)]
pub struct Inputs {
    /// How long.
    pub pause: Duration,
    /// How long at most.
    pub patience: Option<Duration>,
}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// How long it took.
    pub duration: Duration,
}

/// When it goes on.
#[derive(Attributes)]
pub enum Condition {
    /// After a time.
    After(Duration),
}

fn main() {}
