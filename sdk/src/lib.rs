//! Infrastructure in Rust: a program declares pipelines, rollouts and everything else a provider offers, and is its own
//! command line.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use devopsflow::{Language, Pipeline, Platform, Result, Scope};
//!
//! fn declare(scope: &mut Scope) -> Result<()> {
//!     let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
//!     scope.export("path", ci.path);
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     devopsflow::main("shop", declare)
//! }
//! ```
//!
//! `cargo run -- preview` says what would be done, `up` does it, `destroy` removes it again; `--help` lists the rest. What is
//! recorded lies in `.devopsflow/<project>/<stack>` of the current directory. The guide, `docs/guides/sdk.md`, goes through
//! everything, and `examples/rust` has whole programs. The feature `age` adds key holders for age recipients.
//!
//! # The parts
//!
//! - A [`Scope`] collects what `declare` declares: resources ([`Pipeline`], [`Rollout`]), data sources ([`Project`],
//!   [`RolloutStatus`]), components and exports. `declare` runs once and only builds a graph.
//! - An [`Output`] is what a declaration will give. It flows into the [`Input`] of another, as it is or through functions, and
//!   cannot be looked at: a program cannot branch on it. [`Scope::lookup`] reads a data source at once for those who must.
//! - [`Options`] say how a resource is managed: protected, renamed, imported, with hooks.
//! - [`main`] is the command line, and [`main_with`] that of a program which brings a provider, a store or a key holder. A program
//!   that runs stacks itself uses [`Stack`], whose verbs are [`Run`]s to be awaited.
//! - Everything that happens is an [`Event`]; nothing else is displayed. `--json` prints events as lines, which
//!   `docs/sdk-events.md` describes.
//! - The provider of pipelines and rollouts runs in the program's process, or with `--plugin` as a process of its own. Other
//!   providers that speak terraform's plugin protocol 6 are declared as a [`ProviderInstance`], and their types as [`Resource`]
//!   and [`DataSource`]. `DEVOPSFLOW_LOG=warn` shows what providers log.
//! - [`store`] keeps states, [`state`] is what is kept, [`testing`] is for tests of programs and of stores.
//!
//! # Guarantees
//!
//! - A wrong program does not compile where that can be, and otherwise is told the resource and the line that declared it.
//! - A run may be killed at any moment: the next one finds out what was done, makes nothing twice and forgets nothing. Where a
//!   provider cannot say whether something was made, it stops and says how to go on. How state is kept, and what every crash
//!   leaves, is in `docs/journal.md`.
//! - A secret is recorded sealed or not at all, and taken out of all that is shown. Who may open it is said by [`secrets`]:
//!   a passphrase, age recipients, or any [`secrets::KeyHolder`]. Without a key nothing is changed.
//! - Asked to stop (Ctrl-C, or [`Stopper::stop`]), a run begins nothing new, lets what runs end, and records it.

mod cli;
mod engine;
pub mod event;
pub mod pipeline;
mod program;
mod providers;
mod recorder;
mod redact;
mod render;
pub mod rollout;
pub mod secrets;
mod stack;
mod stack_id;
pub mod state;
pub mod store;
mod sync;
pub mod testing;
mod vault;

pub use cli::{main, main_with};
pub use engine::{Plan, Problem};
pub use event::{Event, Reporter, Step, Summary};
pub use framework::declare::{Declaration, Moment, Node, Options, References, Subject, Timeouts};
pub use framework::{Diagnostics, Input, Output, Path, Severity, Value, format_output};
pub use pipeline::{Environment, Language, Pipeline, Platform};
pub use program::{DataSource, Declared, Dynamic, Graph, Program, ProviderInstance, Resource, Result, Scope};
pub use provider::project::Project;
pub use provider::rollout_status::RolloutStatus;
pub use providers::{ProviderError, Source};
pub use recorder::RecordError;
pub use rollout::Rollout;
pub use stack::{Error, Report, Rewrite, Run, Stack, Stopper};
pub use stack_id::{InvalidName, StackId};
/// The guide, whose programs are compiled with the tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/sdk.md")]
struct Guide;
