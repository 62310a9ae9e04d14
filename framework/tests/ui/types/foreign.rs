use framework::Attributes;

/// A rollout.
#[derive(Attributes)]
pub struct Rollout {
    /// How long.
    pub pause: std::time::Duration,
}

fn main() {}
