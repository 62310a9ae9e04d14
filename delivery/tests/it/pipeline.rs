//! Rendering pipelines: what is in them, what is refused, and what independent programs say of every variant.

mod fixture;
mod validators;
mod variants;
