//! Values in msgpack: a type in cty's JSON, a newline, and bytes to read as a value of it.
#![no_main]

use framework::Type;
use libfuzzer_sys::fuzz_target;
use tfplugin::codec::msgpack::{decode, encode};

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(json) = serde_json::from_slice(&input[..end]) else { return };
    let Ok(ty) = Type::from_json(&json) else { return };
    let Ok(value) = decode(&input[end + 1..], &ty) else { return };
    assert_eq!(ty.check(&value), Ok(()));
    let bytes = encode(&value, &ty).expect("a value that was read can be written");
    assert_eq!(decode(&bytes, &ty), Ok(value));
});
