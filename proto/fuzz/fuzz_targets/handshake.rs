//! The line with which a plugin says where it listens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfplugin::handshake::Handshake;

fuzz_target!(|line: &str| {
    let Ok(handshake) = line.parse::<Handshake>() else { return };
    assert_eq!(handshake.to_string().parse(), Ok(handshake));
});
