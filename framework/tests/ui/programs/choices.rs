#[path = "shared/thing.rs"]
mod thing;

use framework::{Diagnostics, declare::Declare};
use thing::{Material, Thing};

/// A value that is none of those that there are.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    Thing::new("chair", "A chair", Material::Stone).add(scope)?;
    Thing::new("table", "A table", "wood").add(scope)?;
    Ok(())
}

fn main() {}
