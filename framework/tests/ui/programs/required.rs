#[path = "shared/thing.rs"]
mod thing;

use framework::{Diagnostics, declare::Declare};
use thing::Thing;

/// A required input is left out.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    Thing::new("chair", "A chair").add(scope)?;
    Ok(())
}

fn main() {}
