//! What the programs declare.

use framework::Attributes;

/// A thing.
#[derive(Attributes)]
#[attr(resource = "demo_thing", builder = Thing, outputs = ThingOutputs)]
pub struct ThingInputs {
    /// What it is called.
    pub label: String,
    /// What it is made of.
    pub material: Material,
    /// How many there are.
    pub number: Option<u32>,
}

/// What things are made of.
#[derive(Clone, Copy, Attributes)]
pub enum Material {
    /// Wood.
    Wood,
    /// Iron.
    Iron,
}

/// What a thing gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct ThingOutputs {
    /// Where it is.
    pub url: String,
    /// How much it weighs.
    pub weight: u64,
    /// Whether it can be used.
    pub ready: bool,
}
