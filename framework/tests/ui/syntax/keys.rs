use framework::Attributes;

/// A server.
#[derive(Attributes)]
#[attr(colour = "red")]
pub struct Server {
    /// The token.
    #[attr(sensative)]
    pub token: String,
    /// The host.
    #[attr(sensitive, sensitive)]
    #[attr(sensitive)]
    pub host: String,
    /// The port.
    #[attr(colour = "red")]
    pub port: u16,
    /// The kind.
    pub kind: Kind,
}

/// A kind.
#[derive(Attributes)]
#[attr(resource = "demo_kind")]
pub enum Kind {
    /// The first.
    #[attr(nam = "1st")]
    First,
}

fn main() {}
