use framework::Attributes;

/// A server.
#[derive(Attributes)]
pub struct Server {
    #[doc = concat!("The ", "port.")]
    pub port: u16,
}

fn main() {}
