use framework::Attributes;

/// A gate.
#[derive(Attributes)]
pub struct Gate {}

/// What is known of inputs is cloned, so their types must be `Clone`.
#[derive(Attributes)]
#[attr(resource = "demo_rollout", builder = Rollout, outputs = Outputs)]
pub struct Inputs {
    /// The gates.
    pub gates: Vec<Gate>,
}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {}

fn main() {}
