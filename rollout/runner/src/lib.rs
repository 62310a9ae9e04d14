//! The loop around the machine: it keeps the journal, asks the clock and sends commands to a target.
//!
//! A [`Host`] holds the services of one state directory. Each service is a task of its own with the state of its machine: it takes
//! what clients ask, what its [`Target`] shows and what its gates say, hands it to the machine, writes the new state to the
//! [`store`], and only then carries out the commands.
//!
//! # Guarantees
//! - What is answered to a client is durable.
//! - A command is carried out only when the state that holds it is in the journal. With a journal that takes no more (a full disk)
//!   nothing new begins, but what runs is served on and watched: a candidate keeps its share or is taken back, which is recorded
//!   when there is room again. A host that ends before that finds the share that was recorded, and judges anew.
//! - A host that is started again on the same state directory goes on where the last one was. It judges nobody before the replicas are as
//!   ready as they were, or had their time for that.

mod gauge;
mod host;
mod load;
mod service;
pub mod store;
pub mod target;

pub use host::{Host, Targets, Whoami};
pub use store::{OpenError, Record, SaveError, Store};
pub use target::{Target, TargetError, Traffic, Work};
