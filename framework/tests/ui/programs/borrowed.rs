#[path = "shared/thing.rs"]
mod thing;

use framework::{Diagnostics, declare::Declare};
use thing::{Material, Thing};

/// A function of an output that borrows what is gone when it runs.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    let chair = Thing::new("chair", "A chair", Material::Wood).add(scope)?;
    let suffix = "/table".to_owned();
    let label = chair.url.map(|url| url + &suffix);
    Thing::new("table", label, Material::Wood).add(scope)?;
    Ok(())
}

fn main() {}
