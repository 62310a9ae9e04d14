//! The host against a provider that can misbehave on demand.
//!
//! One module per part of the host; `double` is the provider.

mod apply;
mod config;
mod double;
mod log;
mod plan;
mod proposed;
mod states;
