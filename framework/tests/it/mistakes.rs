//! What `#[derive(Attributes)]` says of input that it does not take: one folder of `tests/ui` for each kind of mistake.

use std::process::Command;

/// The compiler whose wording the expected messages hold.
const PINNED: &str = "rustc 1.95.";

#[test]
fn every_mistake_is_reported_where_it_stands() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc runs").stdout;
    let version = String::from_utf8(version).expect("a version is text");
    if !version.starts_with(PINNED) {
        println!("skipped: the messages are pinned to {PINNED}x, this is {}", version.trim());
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
