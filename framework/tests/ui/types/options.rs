use framework::Attributes;

type Maybe = Option<String>;

/// A server.
#[derive(Attributes)]
pub struct Server {
    /// The host.
    pub host: Maybe,
    /// The port.
    pub port: Option<Option<u16>>,
}

fn main() {}
