//! Values, types, schemas and typed resources behind one object-safe [`Provider`] trait.
//!
//! Everything that declares infrastructure (HCL through the plugin protocol, Rust through the SDK) sits above
//! that trait, everything that does something sits below it. This crate knows no runtime, no wire format and no
//! files: it holds the vocabulary, the typed layer that resource authors write against, and both halves of the
//! contract ([`registry`] answers, [`host`] asks and checks).

pub mod attributes;
pub mod choice;
pub mod conformance;
pub mod declare;
pub mod diagnostics;
pub mod field;
pub mod host;
pub mod json;
pub mod number;
pub mod object;
pub mod path;
pub mod provider;
pub mod registry;
pub mod resource;
pub mod schema;
pub mod stop;
pub mod types;
pub mod value;

pub use attributes::{Attributes, Preview};
pub use declare::{Declare, Input, Output};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use framework_derive::Attributes;
pub use number::Number;
pub use path::{Path, Step};
pub use provider::{Fault, Provider, Reply};
pub use registry::{Registration, Registry};
pub use resource::{Context, DataSource, ImportState, LocateState, MoveState, Resource};
pub use schema::Schema;
pub use stop::Stop;
pub use types::Type;
pub use value::Value;
