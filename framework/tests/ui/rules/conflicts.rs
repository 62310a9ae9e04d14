use framework::Attributes;

/// A server.
#[derive(Attributes)]
pub struct Server {
    /// A default and an option.
    #[attr(default = "x")]
    pub a: Option<String>,
    /// Required, and excluded by others.
    #[attr(exclusive = "group")]
    pub b: String,
    /// In a group of one.
    #[attr(exclusive = "lonely")]
    pub c: Option<String>,
    /// In a group with `b`.
    #[attr(exclusive = "group")]
    pub d: Option<String>,
    /// Required, and not to be used.
    #[attr(deprecated = "Use `a`.")]
    pub e: String,
    /// Stored by nobody.
    #[attr(write_only, default = "x", replace)]
    pub f: String,
}

fn main() {}
