use framework::Attributes;

/// A resource.
#[derive(Attributes)]
#[attr(resource = "demo_thing", builder = Thing, outputs = Outputs)]
pub struct Inputs {
    /// How many.
    pub count: u16,
    /// A method of the builder.
    pub add: Option<String>,
    /// Not in small letters.
    #[expect(non_snake_case)]
    pub Host: String,
}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// Whose.
    pub provider: String,
}

/// Nested objects have all names.
#[derive(Attributes)]
pub struct Nested {
    /// How many.
    pub count: u16,
    /// More.
    pub add: Option<u16>,
}

fn main() {}
