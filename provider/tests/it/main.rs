//! The provider as a whole, in this process, asked through the trait by the host that keeps core's half of the contract.
//!
//! - `agent`: an agent without processes, for `rollout`.
//! - `conformance`: random configurations, priors and unknowns against the rules that terraform enforces.
//! - `declare`: a pipeline declared in Rust.
//! - `files`: what happens to files, without terraform around it.
//! - `rollout`: the contract of rollouts with the state.
#![cfg(test)]

mod agent;
mod conformance;
mod declare;
mod files;
mod project;
mod rollout;
