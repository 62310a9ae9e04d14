//! The resources, one file each.

pub mod pipeline;
pub mod rollout;
