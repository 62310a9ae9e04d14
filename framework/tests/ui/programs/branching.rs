#[path = "shared/thing.rs"]
mod thing;

use framework::{Diagnostics, declare::Declare};
use thing::{Material, Thing};

/// An output is looked at while the program declares, when nobody knows it yet.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    let chair = Thing::new("chair", "A chair", Material::Wood).add(scope)?;
    if chair.ready {
        Thing::new("table", "A table", Material::Wood).add(scope)?;
    }
    if chair.url == "http://chair" {
        Thing::new("lamp", "A lamp", Material::Iron).add(scope)?;
    }
    let label = format!("A lamp near {}", chair.url);
    Thing::new("lamp", label, Material::Iron).add(scope)?;
    Ok(())
}

fn main() {}
