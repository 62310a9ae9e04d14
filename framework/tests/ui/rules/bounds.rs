use framework::Attributes;

/// A server.
#[derive(Attributes)]
pub struct Server {
    /// Of the wrong types.
    #[attr(range = 1..=2, length = 1..=2, one_of("a"))]
    pub a: bool,
    /// A text has no range.
    #[attr(range = 1..=2)]
    pub b: String,
    /// A number has no length.
    #[attr(length = 1..=2)]
    pub c: Option<u16>,
    /// The wrong way round.
    #[attr(range = 2..=-1, default = 1)]
    pub d: i64,
    /// Outside.
    #[attr(length = 2..=3, default = "x")]
    pub e: String,
    /// Not allowed.
    #[attr(one_of("a", "a"), default = "b")]
    pub f: String,
    /// Nothing is allowed.
    #[attr(one_of())]
    pub g: String,
}

fn main() {}
