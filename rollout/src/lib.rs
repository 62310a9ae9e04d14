//! How a new version goes live: the vocabulary, the plans and the machine, without a clock, a runtime or a network.
//!
//! A service has one *stable* revision and, while a rollout runs, a *candidate*. The rollout follows a frozen [`Plan`] of
//! [`plan::Step`]s through one state [`machine`]: `(state, event, now) -> (state, commands)`. Whoever hosts the machine keeps
//! its state in a journal, hands it what happens, and carries out its commands; a [`gate`] turns what was measured into a
//! verdict. [`options`] is what a user writes, [`wire`] what clients and the agent say to each other.

pub mod gate;
pub mod machine;
pub mod options;

pub mod plan;
pub mod record;
pub mod revision;
pub mod time;
pub mod weight;
pub mod wire;

pub use plan::Plan;
pub use revision::RevisionId;
pub use time::{Millis, Span};
pub use weight::{Weight, Weights};
