//! Between the vocabulary of `framework` and the messages of the protocol, one module per direction.

pub(crate) mod from_wire;
pub(crate) mod to_wire;

#[cfg(test)]
mod tests;
