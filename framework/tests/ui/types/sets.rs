use std::collections::BTreeSet;

use framework::Attributes;

/// A gate.
#[derive(PartialEq, Eq, PartialOrd, Ord, Attributes)]
pub struct Gate {
    /// The name.
    pub name: String,
}

/// A rollout.
#[derive(Attributes)]
pub struct Rollout {
    /// The gates.
    pub gates: BTreeSet<Gate>,
}

fn main() {}
