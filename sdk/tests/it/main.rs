//! Tests of the SDK through its public face.
//!
//! - `world`: a provider of things in memory, that can be told to fail
//! - `cut`: a store that stops after some records, as a kill would
//! - `stores`: the conformance kit on every store
//! - `lifecycle`: create, change and remove; options; outputs that flow
//! - `pipeline`: our own provider, on disk
//! - `both_ends`: the provider in this process and as a plugin
//! - `program`: the command line, and kills of a process
//! - `programs`: builds the programs that are run
//! - `quickstart`: the example of the README, and a rollout
//! - `crash`: kills between any two records, and the property test

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod both_ends;
mod crash;
mod cut;
mod lifecycle;
mod pipeline;
mod program;
mod programs;
mod quickstart;
mod stores;
mod world;
