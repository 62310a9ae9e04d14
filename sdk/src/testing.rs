//! Tests of programs, without anything in the world changing; and what tests of stores share.
//!
//! [`program()`] runs a program against a [`World`], a provider that only remembers, and gives what it declares:
//!
//! ```
//! use devopsflow::{Input, Language, Pipeline, Platform, Result, Scope, testing};
//!
//! fn declare(scope: &mut Scope) -> Result<()> {
//!     let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python).directory(".github/workflows").add(scope)?;
//!     Pipeline::new("second", Platform::GithubActions, Language::Python)
//!         .variables(Input::map([("FIRST", ci.path)]))
//!         .add(scope)?;
//!     scope.export("stage", Input::from(scope.stack().to_owned()));
//!     Ok(())
//! }
//!
//! # fn main() -> std::result::Result<(), devopsflow::Error> {
//! let program = testing::program(declare).stack("prod");
//!
//! // What a preview sees: outputs, and what is made of them, are unknown.
//! let declared = program.preview()?;
//! let second = declared.resource("devopsflow_pipeline.second");
//! assert_eq!(second.input("platform"), "github-actions");
//! assert!(second.input("variables").is_unknown());
//! assert_eq!(second.dependencies(), ["devopsflow_pipeline.ci"]);
//! assert_eq!(declared.export("stage"), "prod");
//!
//! // What there is after `up`: everything is known. The path is made up.
//! let declared = program.up()?;
//! let second = declared.resource("devopsflow_pipeline.second");
//! assert_eq!(second.input("variables").member("FIRST"), "path-1");
//! # Ok(()) }
//! ```
//!
//! A [`World`] fails, hangs or loses answers as a test says ([`World::on`]), changes behind the engine's back ([`World::edit`]), and says
//! what it was asked ([`World::changes`]).
//!
//! Whatever program it is handed, the kit also checks what holds for every program ([`Program::check`]). [`lifecycle()`] is for two forms
//! of one program, [`check`] for what a store keeps; a store is held to [`store::conformance`](crate::store::conformance).

mod contents;
mod declared;
mod holder;
mod lifecycle;
mod program;
mod world;

pub use framework::Value;

pub use contents::check;
pub use declared::{Declared, Given, Resource};
pub use holder::MemoryHolder;
pub use lifecycle::lifecycle;
pub use program::{Program, program};
pub use world::{Asked, Object, Order, Request, World};

/// What `work` gives, wherever it is called: a test has no runtime, or its own.
fn blocking<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(work)
    };
    let ended = std::thread::scope(|scope| scope.spawn(run).join());
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
