//! Declaring resources and data sources in Rust.
//!
//! A builder, made by the derive, collects inputs and hands them to a [`Declare`], which records the declaration and
//! gives back a node. Outputs of that node are references; they flow into the inputs of other declarations, as they are or
//! through pure functions ([`Output::map`], [`crate::format_output!`]).

mod expr;
mod format;
mod input;
mod options;
mod output;

use std::collections::BTreeMap;
use std::panic::Location;

use crate::Diagnostics;

pub use expr::{ComputeError, Computed, Expr, Resolved};
pub use format::{Part, Text};
pub use input::Input;
pub use options::{Hook, Moment, Options, Subject, Timeouts};
pub use output::{Output, Read};

/// Whoever collects declarations. The SDK implements it; so can a test.
pub trait Declare {
    /// Records a declaration and gives the node that stands for it.
    ///
    /// # Errors
    /// What is wrong with the declaration itself, such as a name that is taken.
    fn declare(&mut self, declaration: Declaration) -> Result<Node, Diagnostics>;
}

/// A resource or data source that a program declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Resource or data source.
    pub kind: Kind,
    /// The full type name, such as `devopsflow_pipeline`.
    pub type_name: &'static str,
    /// The name that the program gives it, unique among the declarations of one type.
    pub name: String,
    /// The inputs that were given.
    pub inputs: BTreeMap<String, Expr>,
    /// How it is managed.
    pub options: Options,
    /// Where in the program it is declared.
    pub location: &'static Location<'static>,
}

/// What a [`Declaration`] declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to be created and kept in step.
    Resource,
    /// Something to be read.
    DataSource,
}

/// Stands for a declaration; equal nodes stand for the same one. Numbers are given by the [`Declare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub usize);

/// Whatever stands for one declaration: the references that `add` gives, or a node itself.
pub trait References {
    /// The declaration.
    fn node(&self) -> Node;
}

/// A builder of a declaration, of whatever type.
pub trait Declares {
    /// What the declared resource or data source gives.
    type Outputs: crate::attributes::Outputs;

    /// The declaration.
    fn into_declaration(self) -> Declaration;
}

impl References for Node {
    fn node(&self) -> Node {
        *self
    }
}
