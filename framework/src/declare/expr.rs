//! What inputs are made of: constants, references and pure functions.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::Node;
use crate::{Path, Value};

/// What an input is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A constant.
    Constant(Value),
    /// A part of what another declaration gives.
    Reference(Node, Path),
    /// What a function makes of another.
    Computed(Arc<Computed>),
    /// Something that is never shown and recorded only sealed.
    Secret(Box<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A set.
    Set(Vec<Expr>),
    /// A map or an object.
    Map(BTreeMap<String, Expr>),
}

/// A value, as far as it is known, and whether it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The value.
    pub value: Value,
    /// Whether any part of it comes from a secret.
    pub secret: bool,
}

impl From<Value> for Resolved {
    fn from(value: Value) -> Self {
        Self { value, secret: false }
    }
}

/// A function of an input failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {reason}", location.file(), location.line())]
pub struct ComputeError {
    /// Where in the program the function stands.
    pub location: &'static Location<'static>,
    /// Why it gave nothing.
    pub reason: String,
}

impl Expr {
    /// The value, with what `lookup` gives for references. A function runs when all that it takes is known, and only once
    /// for the same values; until then what it gives is unknown. What comes of a secret is one.
    ///
    /// # Errors
    /// A function failed or panicked.
    pub fn resolve(&self, lookup: &impl Fn(Node, &Path) -> Resolved) -> Result<Resolved, ComputeError> {
        let mut secret = false;
        let value = self.value(lookup, &mut secret)?;
        Ok(Resolved { value, secret })
    }

    fn value(&self, lookup: &impl Fn(Node, &Path) -> Resolved, secret: &mut bool) -> Result<Value, ComputeError> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Reference(node, path) => {
                let found = lookup(*node, path);
                *secret |= found.secret;
                found.value
            }
            Self::Computed(computed) => {
                let input = computed.input.value(lookup, secret)?;
                if input.is_wholly_known() { computed.run(input)? } else { Value::UNKNOWN }
            }
            Self::Secret(inner) => {
                *secret = true;
                inner.value(lookup, secret)?
            }
            Self::List(elements) => Value::List(all(elements, lookup, secret)?),
            Self::Set(elements) => Value::set(all(elements, lookup, secret)?),
            Self::Map(members) => {
                let member = |(key, member): (&String, &Self)| Ok((key.clone(), member.value(lookup, secret)?));
                Value::Map(members.iter().map(member).collect::<Result<_, _>>()?)
            }
        })
    }

    /// Tells `see` every reference below, and whether it is used as it is (`true`) or through a function.
    pub fn references(&self, see: &mut impl FnMut(Node, &Path, bool)) {
        self.below(true, see);
    }

    /// Tells `see` every function that the value comes through; those below another one are not told.
    pub fn functions<'e>(&'e self, see: &mut dyn FnMut(&'e Computed)) {
        match self {
            Self::Constant(_) | Self::Reference(..) => {}
            Self::Computed(computed) => see(computed),
            Self::Secret(inner) => inner.functions(see),
            Self::List(parts) | Self::Set(parts) => parts.iter().for_each(|part| part.functions(see)),
            Self::Map(members) => members.values().for_each(|member| member.functions(see)),
        }
    }

    fn below(&self, direct: bool, see: &mut dyn FnMut(Node, &Path, bool)) {
        match self {
            Self::Constant(_) => {}
            Self::Reference(node, path) => see(*node, path, direct),
            Self::Computed(computed) => computed.input.below(false, see),
            Self::Secret(inner) => inner.below(direct, see),
            Self::List(parts) | Self::Set(parts) => parts.iter().for_each(|part| part.below(direct, see)),
            Self::Map(members) => members.values().for_each(|member| member.below(direct, see)),
        }
    }
}

fn all(
    parts: &[Expr],
    lookup: &impl Fn(Node, &Path) -> Resolved,
    secret: &mut bool,
) -> Result<Vec<Value>, ComputeError> {
    parts.iter().map(|part| part.value(lookup, secret)).collect()
}

type Function = Box<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

/// A pure function of an expression, with what it gave last.
pub struct Computed {
    input: Expr,
    function: Function,
    location: &'static Location<'static>,
    last: Mutex<Option<(Value, Result<Value, String>)>>,
}

impl Computed {
    /// `function` of `input`, declared at `location`. It must give the same for the same.
    pub fn new(
        input: Expr,
        location: &'static Location<'static>,
        function: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self { input, function: Box::new(function), location, last: Mutex::default() }
    }

    /// What the function takes.
    pub fn input(&self) -> &Expr {
        &self.input
    }

    /// Where in the program the function stands.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    fn run(&self, input: Value) -> Result<Value, ComputeError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let given = match &*last {
            Some((seen, given)) if *seen == input => given.clone(),
            _ => {
                let run = catch_unwind(AssertUnwindSafe(|| (self.function)(&input)));
                let given = run.unwrap_or_else(|_| Err("the function panicked".to_owned()));
                *last = Some((input, given.clone()));
                given
            }
        };
        given.map_err(|reason| ComputeError { location: self.location, reason })
    }
}

/// A function is the same only as itself.
impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Computed {}

impl fmt::Debug for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function at {}:{} of {:?}", self.location.file(), self.location.line(), self.input)
    }
}
