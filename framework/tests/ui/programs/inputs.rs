#[path = "shared/thing.rs"]
mod thing;

use framework::{Diagnostics, declare::Declare};
use thing::{Material, Thing};

/// An output of one type as an input of another, and an input that there is not.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    let chair = Thing::new("chair", "A chair", Material::Wood).add(scope)?;
    Thing::new("table", chair.weight, Material::Wood).add(scope)?;
    Thing::new("lamp", "A lamp", Material::Iron).colour("red").add(scope)?;
    Ok(())
}

fn main() {}
