use framework::Attributes;

/// A platform.
#[derive(Attributes)]
pub enum Platform {
    /// GitHub's.
    Github,
    /// The same.
    #[attr(name = "github")]
    Other,
    /// No name.
    #[attr(name = " ")]
    Blank,
}

/// A target.
#[derive(Attributes)]
pub struct Local {}

/// Where.
#[derive(Attributes)]
pub enum Target {
    /// Here.
    #[attr(name = "this-machine")]
    Local(Local),
    /// Itself.
    #[attr(name = "self")]
    This(Local),
    /// A keyword that can be written raw.
    Static(Local),
}

fn main() {}
