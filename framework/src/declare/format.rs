//! Texts made of outputs.

use std::fmt;

use super::{Expr, Input, Output};
use crate::Value;
use crate::attributes::Field;

/// Formats outputs as [`std::format!`] does texts: `format_output!("http://{}:{}/", host, port)` is an
/// `Output<String>`. Arguments are outputs, inputs, texts and numbers, by position.
#[macro_export]
macro_rules! format_output {
    ($template:literal $(, $argument:expr)* $(,)?) => {{
        let parts = ::std::vec![$($crate::declare::Part::from($argument).into_expr()),*];
        $crate::declare::Part::join(parts, |parts| {
            #[allow(unused_mut, unused_variables, reason = "there may be no arguments")]
            let mut parts = parts.iter().map($crate::declare::Text);
            ::std::format!($template $(, {
                let _ = ::core::stringify!($argument);
                parts.next().expect("there is one for each argument")
            })*)
        })
    }};
}

/// An argument of [`format_output!`].
#[derive(Debug)]
pub struct Part(Expr);

impl Part {
    /// What it is made of.
    pub fn into_expr(self) -> Expr {
        self.0
    }

    /// The text that `function` makes of the parts.
    #[track_caller]
    pub fn join(parts: Vec<Expr>, function: impl Fn(&[Value]) -> String + Send + Sync + 'static) -> Output<String> {
        let location = std::panic::Location::caller();
        let function = move |value: &Value| Ok(Value::string(function(value.as_elements().unwrap_or_default())));
        let computed = super::Computed::new(Expr::List(parts), location, function);
        Output::from_expr(Expr::Computed(std::sync::Arc::new(computed)))
    }
}

impl<T> From<Output<T>> for Part {
    fn from(output: Output<T>) -> Self {
        Self(output.into_expr())
    }
}

impl<T> From<&Output<T>> for Part {
    fn from(output: &Output<T>) -> Self {
        Self(output.expr().clone())
    }
}

impl<T> From<Input<T>> for Part {
    fn from(input: Input<T>) -> Self {
        Self(input.into_expr())
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self(Expr::Constant(text.into()))
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self(Expr::Constant(text.into()))
    }
}

impl From<&String> for Part {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Part {
            fn from(number: $number) -> Self {
                Self(Expr::Constant(number.to_value()))
            }
        }
    )*};
}
numbers!(u16, u32, u64, i32, i64);

/// A value within a text: strings without quotes, numbers, and everything else in HCL's spelling.
#[derive(Debug)]
pub struct Text<'v>(pub &'v Value);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => f.pad(text),
            other => write!(f, "{other:?}"),
        }
    }
}
