//! Doubles of the file system for tests: one that forgets what was not synced, and one that fails on demand.
//!
//! Together they answer what a machine's own file system cannot be asked: what is left if the nth operation fails, if
//! the process is killed there, or if the power goes.
//!
//! ```
//! use std::sync::Arc;
//! use disk::testing::{Fault, Faulty, Memory};
//! use disk::{Artifact, Artifacts, Expect, Folder};
//!
//! let planned = Artifacts::from([("ci.yml".parse()?, Artifact::text("new"))]);
//! for nth in 1.. {
//!     let memory = Memory::new();
//!     memory.put("repo/ci.yml", "old");
//!     let faulty = Faulty::new(memory.clone()).with(nth, Fault::Crash);
//!     let outcome = Folder::on(Arc::new(faulty), "repo").publish(&planned, |_, _| Expect::Anything);
//!     // The power goes too: nothing that was not synced survives.
//!     let after = memory.after_crash(|_| false);
//!     let content = after.files()[std::path::Path::new("repo/ci.yml")].clone();
//!     if outcome.is_ok() {
//!         assert_eq!(content, b"new");
//!         break;
//!     }
//!     assert!(content == b"old" || content == b"new");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod faulty;
mod memory;
mod tree;

pub use faulty::{Fault, Faulty};
pub use memory::Memory;
pub use tree::Unsynced;
