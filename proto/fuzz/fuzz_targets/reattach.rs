//! The variable with which a host finds a provider that it did not start.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfplugin::reattach::Reattach;

fuzz_target!(|variable: &str| {
    let Ok(reattach) = Reattach::find(variable, "example/shop") else { return };
    let again = reattach.to_variable("example/shop").expect("what came from JSON can go there");
    assert_eq!(Reattach::find(&again, "example/shop").expect("what was written can be found"), reattach);
});
