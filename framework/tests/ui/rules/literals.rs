use framework::Attributes;

/// Bounds have the type of the field.
#[derive(Attributes)]
pub struct Server {
    /// A bound that the type does not have.
    #[attr(range = 1..=70_000)]
    pub a: u16,
}

fn main() {}
