//! What a program declares: the scope that it is handed, and the graph that comes of it.

mod dynamic;
mod graph;
mod instance;
mod scope;

use std::error::Error;

pub use dynamic::{DataSource, Declared, Dynamic, Resource};
pub use graph::Graph;
pub use instance::ProviderInstance;
pub use scope::Scope;
pub(crate) use scope::{Setting, Surroundings, World};

/// The outcome of a program's `declare`; every error can be its error.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A program: declares everything that there shall be, and nothing else.
pub type Program = dyn Fn(&mut Scope) -> Result<()> + Send + Sync;
