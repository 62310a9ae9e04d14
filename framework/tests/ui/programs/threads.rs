#[path = "shared/thing.rs"]
mod thing;

use std::rc::Rc;

use framework::{Diagnostics, declare::Declare};
use thing::{Material, Thing};

/// A function of an output that cannot run on another thread.
fn declare(scope: &mut impl Declare) -> Result<(), Diagnostics> {
    let chair = Thing::new("chair", "A chair", Material::Wood).add(scope)?;
    let suffix = Rc::new("/table".to_owned());
    let label = chair.url.map(move |url| url + &suffix);
    Thing::new("table", label, Material::Wood).add(scope)?;
    Ok(())
}

fn main() {}
