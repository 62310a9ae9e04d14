//! Stored states in JSON: a type in cty's JSON, a newline, and a text to read as a value of it.
#![no_main]

use framework::Type;
use framework::json::{decode, from_json, to_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(json) = serde_json::from_slice(&input[..end]) else { return };
    let Ok(ty) = Type::from_json(&json) else { return };
    let Ok(value) = decode(&input[end + 1..], &ty) else { return };
    assert_eq!(ty.check(&value), Ok(()));
    let again = to_json(&value).expect("what was read is known");
    assert_eq!(from_json(&again, &ty).expect("a value that was written can be read"), value);
});
