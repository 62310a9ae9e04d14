//! What a declaration takes.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::path::PathBuf;

use super::{Expr, Output};
use crate::attributes::{Field, SetElement};

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

impl<T: SetElement> Input<BTreeSet<T>> {
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
        Self::from_expr(output.into_expr())
    }
}

impl<T> From<&Output<T>> for Input<T> {
    fn from(output: &Output<T>) -> Self {
        output.clone().into()
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

impl<T: SetElement, I: Into<Input<T>>, const N: usize> From<[I; N]> for Input<BTreeSet<T>> {
    fn from(elements: [I; N]) -> Self {
        Self::set(elements)
    }
}

impl<T: Field, K: Into<String>, I: Into<Input<T>>, const N: usize> From<[(K, I); N]> for Input<BTreeMap<String, T>> {
    fn from(members: [(K, I); N]) -> Self {
        Self::map(members)
    }
}

impl<T> Input<T> {
    /// The same, never shown and recorded only sealed.
    #[must_use]
    pub fn secret(self) -> Self {
        Self::from_expr(Expr::Secret(Box::new(self.expr)))
    }
}
