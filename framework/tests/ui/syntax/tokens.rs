use framework::Attributes;

/// A server. Reading goes on behind the comma after a mistake.
#[derive(Attributes)]
pub struct Server {
    /// The host.
    #[attr(sensitive replace, wrong)]
    pub host: String,
    /// The port.
    #[attr(default = , wrong)]
    pub port: u16,
    /// The mode.
    #[attr("text", one_of("a" "b"), wrong)]
    pub mode: String,
}

fn main() {}
