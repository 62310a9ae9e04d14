use framework::declare::Declare;
use framework::{Attributes, Diagnostics};

/// A resource with a mistake in every other line, and none that follows from another.
#[derive(Attributes)]
#[attr(resource = "demo_thing", builder = Thing, outputs = Outputs, color = "red")]
pub struct Inputs {
    pub platform: Platform,
    /// The host.
    #[attr(default = 1, sensitve)]
    pub host: Option<String>,
    /// The port.
    #[attr(range = 2..=1, default = "x")]
    pub port: u16,
    /// How many.
    #[attr(length = 1)]
    pub count: u16,
}

/// A platform.
#[derive(Clone, Attributes)]
pub enum Platform {
    /// GitHub's.
    GithubActions,
    /// GitHub's, too.
    #[attr(name = "github-actions")]
    Github,
    GitlabCi,
}

/// What it gives.
#[derive(Attributes)]
#[attr(outputs)]
pub struct Outputs {
    #[attr(replace)]
    pub url: String,
}

pub fn type_name() -> &'static str {
    Inputs::attributes();
    <Inputs as framework::attributes::Inputs>::TYPE_NAME
}

pub fn declare(scope: &mut dyn Declare) -> Result<(), Diagnostics> {
    let thing = Thing::new("a", Platform::GithubActions, 1).host("x").port(2).add(scope)?;
    Thing::new("b", Platform::GitlabCi, 1).host(thing.url).add(scope)?;
    Ok(())
}

fn main() {}
