use framework::Attributes;

/// A resource.
#[derive(Attributes)]
#[attr(resource = "demo_thing", builder = Thing, outputs = Outputs)]
pub struct Inputs {
    /// The name.
    pub name: String,
    /// The path.
    pub path: String,
    /// The port.
    pub port: u16,
}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// The path.
    pub path: String,
    /// The port.
    pub port: u16,
    /// The URL.
    pub url: String,
}

fn main() {}
