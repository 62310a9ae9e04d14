//! The rules that Terraform's core holds every provider to, as functions that find what breaks them.
//!
//! Each function looks at one answer of a provider, beside what it was asked, and gives every [`Violation`] in it; an
//! empty list is conformity. [`crate::host`] applies them to each answer; tests apply them to whatever they like, with
//! configurations and states from `arbitrary` (behind the feature `proptest`).
//!
//! ```
//! use framework::conformance::{Rule, planned};
//! use framework::schema::{Attribute, Attributes, Mode, Shape};
//! use framework::{Schema, Type, Value};
//!
//! let name = Attribute::new(Shape::Plain(Type::String), Mode::Required, "The name.");
//! let schema = Schema::of("A thing.", Attributes::from([("name".to_owned(), name)]));
//! let [config, plan] = ["a", "b"].map(|name| Value::map([("name", Value::from(name))]));
//! assert_eq!(planned(&schema, &Value::Null, &config, &config, &[]), []);
//! let violations = planned(&schema, &Value::Null, &config, &plan, &[]);
//! assert_eq!(violations[0].rule, Rule::PlanKeepsConfig);
//! assert_eq!(violations[0].message, r#"the configured "a" expected, not "b""#);
//! ```
//!
//! # Guarantees
//! No message holds a value of a sensitive or write-only attribute, and no path leads into one.

#[cfg(any(test, feature = "proptest"))]
pub mod arbitrary;
mod compatible;
mod conform;
mod parts;
mod place;
mod planned;
mod rule;
#[cfg(test)]
pub(crate) mod sample;
mod states;
#[cfg(test)]
mod tests;

pub use compatible::{applied, replanned};
pub(crate) use parts::{alike, element, entry, map_attributes, member, objects};
pub use planned::planned;
pub(crate) use planned::{Reach, reach};
pub use rule::{Rule, Violation};
pub use states::{data_read, imported, moved, read, upgraded};
