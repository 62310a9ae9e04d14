use framework::Attributes;

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {
    /// Rules for what nobody writes.
    #[attr(default = 1, replace, write_only, range = 1..=2)]
    pub a: u16,
    /// More of them.
    #[attr(length = 1.., one_of("a"), exclusive = "group")]
    pub b: String,
    /// These are fine.
    #[attr(sensitive, deprecated = "Use `b`.")]
    pub c: String,
}

fn main() {}
