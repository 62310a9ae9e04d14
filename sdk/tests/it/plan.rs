//! Plan and apply: what is asked, in which order, what is left out, what goes on after a failure.

mod command_line;
mod conformance;
mod data;
mod failures;
mod history;
mod order;
mod saved;
mod skipping;
mod targets;
