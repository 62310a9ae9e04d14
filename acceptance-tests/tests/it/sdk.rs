//! Programs of the SDK, with the real agent and beside the real terraform. What belongs where:
//!
//! - `fixture`: runs the program `examples/program.rs` and reads what it recorded.
//! - `both_ends`: the provider in the program's process and as a plugin.
//! - `terraform`: the same with terraform, and objects handed from one to the other.
//! - `contract`: a plugin that breaks the contract.
//! - `rollout`: rollouts that win, are taken back, interrupted and removed.
//! - `killed`: program and plugin killed in the middle of an operation.
//! - `data`: data sources, declared and looked up.
//! - `foreign`: a provider that is not ours, in several instances.

mod both_ends;
mod contract;
mod data;
mod fixture;
mod foreign;
mod killed;
mod rollout;
mod terraform;
