//! The acceptance harness: drives the real `terraform` against real provider programs.
//!
//! A [`Case`] is a folder of its own with a cleared environment, and steps that run in it. What every step is held to
//! is not asked for by the test:
//!
//! - After an apply, nothing is left to do, before and after a refresh, and the state is what the plan said.
//! - Every command ends before a deadline, and no process that it started outlives it.
//! - At the end, everything is destroyed, and no agent and no replica is left.
//!
//! Providers are installed by `terraform init` from a file system mirror, with a lock file, as users have them:
//! `dev_overrides` would save 60 ms a case and are not used. They are started by terraform itself, through the real
//! handshake. Linux only: processes are found through `/proc`.
//!
//! What users meet while a rollout runs is measured by a [`load::Load`].
//!
//! | variable | meaning |
//! |---|---|
//! | `DEVOPSFLOW_TERRAFORM` | the terraform to drive, otherwise the one on `PATH` |
//! | `DEVOPSFLOW_PROVIDER` | our provider's program, otherwise it is built |
//! | `DEVOPSFLOW_AGENT` | the agent's program, otherwise it is built |
//! | `DEVOPSFLOW_LONG` | `1`: more kills and a higher load |
//! | `DEVOPSFLOW_REQUIRE_ALL` | `1`: a test that lacks an optional program fails, otherwise it says so and passes |
//! | `DEVOPSFLOW_KEEP` | `1`: the folders of failed cases stay and their places are printed |
#![expect(clippy::missing_panics_doc, reason = "a harness reports by panicking")]

mod agent;
mod case;
mod command;
pub mod console;
mod example;
mod golden;
pub mod load;
mod plan;
mod processes;
mod programs;
mod sandbox;
mod state;
mod step;

pub use agent::free_port;
pub use case::{Case, case, each_terraform};
pub use command::{Finished, Running};
pub use example::{Example, Program, rust_examples};
pub use plan::{Action, Plan};
pub use processes::{Process, poll};
pub use programs::{Plugin, Terraform, agent, command, note_skipped, service};
pub use rustix::process::Signal;
pub use sandbox::Sandbox;
pub use state::State;
pub use step::{Config, Done, Step};
