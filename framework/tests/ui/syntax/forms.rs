use framework::Attributes;

/// A server.
#[derive(Attributes)]
pub struct Server {
    /// A flag with a value.
    #[attr(sensitive = true)]
    pub a: String,
    /// Values left out.
    #[attr(default, deprecated, range, length, one_of, exclusive)]
    pub b: String,
    /// Values of another kind.
    #[attr(deprecated = 1, range = 1, length = .., one_of(1, "b"), exclusive = "")]
    pub c: String,
    /// A list where a value is expected.
    #[attr(default("x"))]
    pub d: String,
    /// A bound that is not included.
    #[attr(range = 1..10)]
    pub e: u16,
    /// No list at all.
    #[attr = "sensitive"]
    pub f: String,
}

fn main() {}
