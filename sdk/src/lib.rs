//! Infrastructure in Rust: a program declares pipelines and everything else the provider offers, and is its own command
//! line.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use devopsflow::{Language, Pipeline, Platform, Result, Scope};
//!
//! fn declare(scope: &mut Scope) -> Result<()> {
//!     let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
//!     scope.export("files", ci.files);
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     devopsflow::main("shop", declare)
//! }
//! ```
//!
//! `cargo run -- preview`, `up`, `refresh`, `destroy`, `import`, `state` and `unlock` do what they say, on the stack that `--stack`
//! names (`dev` by default). What is recorded lies in `.devopsflow/<project>/<stack>` of the current directory, or below what
//! `DEVOPSFLOW_BACKEND` names. A program that runs stacks itself uses [`Stack`].
//!
//! - `declare` runs once and only builds a graph. It cannot branch on an [`Output`]; [`Scope::lookup`] reads a data source at
//!   once for those who must.
//! - Everything that happens is an [`Event`]; nothing else is displayed.
//! - A secret is recorded sealed or not at all. The command line has no key to seal with, so it refuses programs with secrets
//!   before anything is done; a program that runs stacks itself gives its own with [`Stack::sealer`].
//! - Asked to stop (Ctrl-C, or [`Stopper::stop`]), a run begins nothing new, lets what runs end, and records it.
//! - How state is kept, and what every crash leaves, is in `docs/journal.md`.

mod cli;
mod engine;
pub mod event;
mod program;
mod providers;
mod recorder;
mod render;
pub mod rollout;
mod stack;
mod stack_id;
pub mod state;
pub mod store;
pub mod testing;
mod vault;

pub use cli::main;
pub use engine::{Plan, Problem};
pub use event::{Event, Reporter, Step, Summary};
pub use framework::declare::{Moment, Options, References, Subject, Timeouts};
pub use framework::{Input, Output, format_output};
pub use program::{Graph, Program, Result, Scope};
pub use provider::delivery::pipeline::options::{Environment, Language, Pipeline, Platform};
pub use provider::project::Project;
pub use provider::rollout_status::RolloutStatus;
pub use providers::{ProviderError, Source};
pub use recorder::RecordError;
pub use rollout::Rollout;
pub use stack::{Error, Report, Run, Stack, Stopper};
pub use stack_id::{InvalidName, StackId};
pub use vault::{Sealer, VaultError};
