//! The syntax of `#[attr(...)]` and of documentation. Nothing here knows what a key means.

mod docs;
mod entries;

pub(crate) use docs::docs;
pub(crate) use entries::{Entries, Given};
