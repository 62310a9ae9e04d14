//! The provider under the real terraform. What belongs where:
//!
//! - `harness`: the harness finds what it promises to find, with providers that are not ours.
//! - `lifecycle`: create, no-op, drift, update, move and destroy of a pipeline.
//! - `errors`: wrong input, each with the message that a person reads.
//! - `import`, `moved`, `replace`: objects that exist already, were another type, or are made anew.
//! - `unknown`, `refresh_false`: plans that know less.
//! - `interrupt`, `kill`, `concurrency`: what else happens in the middle of an apply.
//! - `rollout`: rollouts, with agent and traffic.
//! - `sdk`: programs of the SDK, beside terraform.
//! - `secrets`: what is printed, logged and recorded.
//! - `project_data`: the data source.
//! - `examples`: what `examples/` shows to users of terraform.
//! - `rust_examples`: the programs of `examples/rust`, and what their READMEs and the guide say to type.
//! - `debug_reattach`: a provider that a developer started.
//! - `ends`: our provider in this process and through both ends of the protocol, without terraform.
//! - `load`: the load that is put on a service, against servers that behave and misbehave.
//! - `peer`: a provider that is not ours, hosted by our end of the protocol.
#![expect(clippy::unwrap_used, reason = "in tests an unwrap is an assertion, helpers included")]

mod concurrency;
mod debug_reattach;
mod ends;
mod errors;
mod examples;
mod fixture;
mod harness;
mod import;
mod interrupt;
mod kill;
mod lifecycle;
mod load;
mod moved;
mod peer;
mod project_data;
mod refresh_false;
mod replace;
mod rollout;
mod rust_examples;
mod sdk;
mod secrets;
mod unknown;
