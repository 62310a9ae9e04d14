//! Declaring resources and data sources in Rust.
//!
//! A builder, made by the derive, collects inputs and hands them to a [`Declare`], which records the declaration and
//! gives back a node. Outputs of that node are references; they flow into the inputs of other declarations.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::path::PathBuf;

use crate::attributes::{Field, SetElement};
use crate::{Diagnostics, Path, Value};

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

/// What an input is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A constant.
    Constant(Value),
    /// A part of what another declaration gives.
    Reference(Node, Path),
    /// A list.
    List(Vec<Expr>),
    /// A set.
    Set(Vec<Expr>),
    /// A map or an object.
    Map(BTreeMap<String, Expr>),
}

impl Expr {
    /// The value, with what `lookup` gives for references.
    pub fn resolve(&self, lookup: &impl Fn(Node, &Path) -> Value) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Reference(node, path) => lookup(*node, path),
            Self::List(elements) => Value::List(elements.iter().map(|element| element.resolve(lookup)).collect()),
            Self::Set(elements) => Value::set(elements.iter().map(|element| element.resolve(lookup))),
            Self::Map(members) => Value::map(members.iter().map(|(key, member)| (key.clone(), member.resolve(lookup)))),
        }
    }
}

/// A value of type `T` that a declaration takes: a constant, or something that another declaration gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input<T> {
    expr: Expr,
    ty: PhantomData<fn() -> T>,
}

impl<T> Input<T> {
    /// An input made of `expr`, which must give values of `T`'s shape.
    pub fn from_expr(expr: Expr) -> Self {
        Self { expr, ty: PhantomData }
    }

    /// What it is made of.
    pub fn into_expr(self) -> Expr {
        self.expr
    }
}

impl<T: Field> Input<Vec<T>> {
    /// A list of inputs.
    pub fn list<I: Into<Input<T>>>(elements: impl IntoIterator<Item = I>) -> Self {
        Self::from_expr(Expr::List(elements.into_iter().map(|element| element.into().expr).collect()))
    }
}

impl<T: SetElement> Input<std::collections::BTreeSet<T>> {
    /// A set of inputs.
    pub fn set<I: Into<Input<T>>>(elements: impl IntoIterator<Item = I>) -> Self {
        Self::from_expr(Expr::Set(elements.into_iter().map(|element| element.into().expr).collect()))
    }
}

impl<T: Field> Input<BTreeMap<String, T>> {
    /// A map of inputs.
    pub fn map<K: Into<String>, I: Into<Input<T>>>(members: impl IntoIterator<Item = (K, I)>) -> Self {
        let members = members.into_iter().map(|(key, member)| (key.into(), member.into().expr));
        Self::from_expr(Expr::Map(members.collect()))
    }
}

impl<T: Field> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::from_expr(Expr::Constant(value.to_value()))
    }
}

impl<T> From<Output<T>> for Input<T> {
    fn from(output: Output<T>) -> Self {
        Self::from_expr(Expr::Reference(output.node, output.path))
    }
}

impl From<&str> for Input<String> {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&str> for Input<PathBuf> {
    fn from(text: &str) -> Self {
        PathBuf::from(text).into()
    }
}

impl<T: Field, I: Into<Input<T>>, const N: usize> From<[I; N]> for Input<Vec<T>> {
    fn from(elements: [I; N]) -> Self {
        Self::list(elements)
    }
}

impl<T: SetElement, I: Into<Input<T>>, const N: usize> From<[I; N]> for Input<std::collections::BTreeSet<T>> {
    fn from(elements: [I; N]) -> Self {
        Self::set(elements)
    }
}

impl<T: Field, K: Into<String>, I: Into<Input<T>>, const N: usize> From<[(K, I); N]> for Input<BTreeMap<String, T>> {
    fn from(members: [(K, I); N]) -> Self {
        Self::map(members)
    }
}

/// A value of type `T` that a declaration will give. It can be handed on as an [`Input`], but not looked at.
pub struct Output<T> {
    node: Node,
    path: Path,
    ty: PhantomData<fn() -> T>,
}

impl<T> Output<T> {
    /// The part at `path` of what `node` gives.
    pub fn new(node: Node, path: Path) -> Self {
        Self { node, path, ty: PhantomData }
    }

    /// The declaration that gives it.
    pub fn node(&self) -> Node {
        self.node
    }

    /// Which part of what the declaration gives.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Self::new(self.node, self.path.clone())
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("node", &self.node).field("path", &self.path).finish()
    }
}
