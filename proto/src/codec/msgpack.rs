//! cty's form of msgpack: values without their types, which the schema gives.
//!
//! Reading takes any bytes: depth is bounded by [`MAX_DEPTH`], and memory by a multiple of the bytes given, for lengths
//! that the bytes only claim are not believed.

mod decode;
mod encode;
mod refinement;
mod token;

pub use decode::decode;
pub use encode::encode;

/// How deep values may nest.
pub const MAX_DEPTH: usize = 128;

/// The extension type of an unknown value that something is known of; all others are plain unknowns.
const REFINED_UNKNOWN: i8 = 12;

/// The largest description of an unknown value that other implementations read, in bytes.
const MAX_REFINEMENT: usize = 1024;

#[cfg(test)]
mod tests;
