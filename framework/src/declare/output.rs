//! What a declaration will give.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::{Computed, Expr, Node};
use crate::attributes::Field;
use crate::{Path, Value};

/// A value of type `T` that a declaration will give. It can be handed on as an [`Input`](super::Input) and changed by
/// functions that run once it is known, but not looked at: a program cannot branch on it.
///
/// ```
/// use framework::{Output, format_output};
///
/// // Stand-ins for what declarations give.
/// let host = Output::known(&"shop.example".to_owned());
/// let port = Output::known(&8080_u16);
///
/// let next = port.clone().map(|port| port + 1);
/// let either = port.clone().zip(next.clone()).map(|(port, next)| format!("{port} or {next}"));
/// let sum = Output::all([port.clone(), next]).map(|ports: Vec<u16>| i64::from(ports.iter().sum::<u16>()));
/// let checked = host.clone().try_map(|host| if host.contains('.') { Ok(host) } else { Err("a domain expected") });
/// let url = format_output!("http://{}:{}/", host, port);
///
/// # let value = |expr: framework::declare::Expr| expr.resolve(&|_, _| unreachable!()).unwrap().value;
/// assert_eq!(value(url.into_expr()).as_str(), Some("http://shop.example:8080/"));
/// # assert_eq!(value(either.into_expr()).as_str(), Some("8080 or 8081"));
/// # assert_eq!(value(sum.into_expr()), 16_161.into());
/// # assert_eq!(value(checked.into_expr()).as_str(), Some("shop.example"));
/// ```
pub struct Output<T> {
    expr: Expr,
    ty: PhantomData<fn() -> T>,
}

impl<T> Output<T> {
    /// The part at `path` of what `node` gives.
    pub fn new(node: Node, path: Path) -> Self {
        Self::from_expr(Expr::Reference(node, path))
    }

    /// An output made of `expr`, which must give values of `T`'s shape.
    pub fn from_expr(expr: Expr) -> Self {
        Self { expr, ty: PhantomData }
    }

    /// A value that is known already.
    pub fn known(value: &T) -> Self
    where
        T: Field,
    {
        Self::from_expr(Expr::Constant(value.to_value()))
    }

    /// What it is made of.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What it is made of.
    pub fn into_expr(self) -> Expr {
        self.expr
    }

    /// The same, never shown and recorded only sealed.
    #[must_use]
    pub fn secret(self) -> Self {
        Self::from_expr(Expr::Secret(Box::new(self.expr)))
    }

    /// This and another, for a function of both.
    #[must_use]
    pub fn zip<U>(self, other: Output<U>) -> Output<(T, U)> {
        Output::from_expr(Expr::List(vec![self.expr, other.expr]))
    }

    /// All of these as a list.
    pub fn all(outputs: impl IntoIterator<Item = Self>) -> Output<Vec<T>> {
        Output::from_expr(Expr::List(outputs.into_iter().map(Self::into_expr).collect()))
    }

    /// What `function` makes of the value. It is pure: it runs when the value is known, once, during the preview or while
    /// changes are made, and gives the same for the same.
    #[track_caller]
    #[must_use]
    pub fn map<U: Field>(self, function: impl Fn(T) -> U + Send + Sync + 'static) -> Output<U>
    where
        T: Read,
    {
        self.computed(Location::caller(), move |value| Ok(function(value)))
    }

    /// As [`Output::map`], with a function that may fail. The error names the line of this call.
    #[track_caller]
    #[must_use]
    pub fn try_map<U: Field, E: fmt::Display>(
        self,
        function: impl Fn(T) -> Result<U, E> + Send + Sync + 'static,
    ) -> Output<U>
    where
        T: Read,
    {
        self.computed(Location::caller(), move |value| function(value).map_err(|error| error.to_string()))
    }

    fn computed<U: Field>(
        self,
        location: &'static Location<'static>,
        function: impl Fn(T) -> Result<U, String> + Send + Sync + 'static,
    ) -> Output<U>
    where
        T: Read,
    {
        let function = move |value: &Value| Ok(function(T::read(value)?)?.to_value());
        Output::from_expr(Expr::Computed(Arc::new(Computed::new(self.expr, location, function))))
    }
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Self::from_expr(self.expr.clone())
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Output").field(&self.expr).finish()
    }
}

/// What a function can take: the types of attributes, and pairs of those.
pub trait Read: Sized {
    /// Reads a known value.
    fn read(value: &Value) -> Result<Self, String>;
}

impl<T: Field> Read for T {
    fn read(value: &Value) -> Result<Self, String> {
        T::from_value(value, &Path::root()).map_err(|errors| errors.to_string())
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_elements() {
            Some([a, b]) => Ok((A::read(a)?, B::read(b)?)),
            _ => Err("two values expected".to_owned()),
        }
    }
}
