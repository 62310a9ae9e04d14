//! What to deliver.

pub mod artifacts;
pub mod pipeline;
pub mod project;
