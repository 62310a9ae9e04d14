//! The data sources, one file each.

pub mod project;
pub mod rollout;
