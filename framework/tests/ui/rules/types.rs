use framework::Attributes;

/// Values have the type of the field.
#[derive(Attributes)]
pub struct Server {
    /// A bound that the type does not have.
    #[attr(range = 1..=70_000)]
    pub a: u16,
    /// A default of another type.
    #[attr(default = "x")]
    pub b: u16,
    /// A default of another type.
    #[attr(default = 1)]
    pub c: String,
}

fn main() {}
