//! Tests through the public face.
//!
//! - `derive`: what `#[derive(Attributes)]` writes
//! - `mistakes`: what it says of input that it does not take

mod derive;
mod mistakes;
