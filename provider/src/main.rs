//! The provider process.
fn main() {}
