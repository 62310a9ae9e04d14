//! What each resource option does.

mod changes;
mod hooks;
mod import;
mod keeping;
mod names;
mod replace;
mod timeouts;
