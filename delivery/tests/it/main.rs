//! What the crate promises, through its public face.
#![cfg(test)]

/// Pipelines: what is in them, what is refused, and what independent programs say of every variant.
mod pipeline;
/// What is found in small trees.
mod project;
