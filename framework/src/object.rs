//! Objects, attribute by attribute: what the code that the derive writes calls.

use std::collections::BTreeMap;

use crate::attributes::{Field, Preview};
use crate::choice::UnknownChoice;
use crate::field::unexpected;
use crate::schema::{Attribute, Check, Mode, Rules, Shape};
use crate::{Diagnostic, Diagnostics, Path, Value};

/// Reads the attributes of one object and gathers what is wrong with all of them.
#[derive(Debug)]
pub struct Reader<'a> {
    members: Option<&'a BTreeMap<String, Value>>,
    path: &'a Path,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    /// Reads `object`, which stands at `path`.
    pub fn new(object: &'a Value, path: &'a Path) -> Self {
        let members = object.as_map();
        let diagnostics = match members {
            Some(_) => Diagnostics::new(),
            None => unexpected("an object", object, path),
        };
        Self { members, path, diagnostics }
    }

    /// The attribute as a `T`; an attribute that is not there is null.
    pub fn read<T: Field>(&mut self, name: &str) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() && T::REQUIRED {
            let missing = Diagnostic::error("Missing attribute", "It must be given.");
            self.diagnostics.push(missing.at(self.path.attribute(name)));
            return None;
        }
        self.decode(name, value)
    }

    /// The attribute as a `T`, or what `default` makes if it is null.
    pub fn read_or<T: Field>(&mut self, name: &str, default: impl FnOnce() -> T) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() { Some(default()) } else { self.decode(name, value) }
    }

    /// The attribute as a `T` if it is there: neither null nor unknown in any part.
    pub fn given<T: Field>(&mut self, name: &str) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() || !value.is_wholly_known() { None } else { self.decode(name, value) }
    }

    /// The attribute as far as it is known.
    pub fn preview<T: Field>(&mut self, name: &str) -> Option<Preview<T>> {
        let value = self.member(name)?;
        if value.is_wholly_known() { self.read(name).map(Preview::Known) } else { Some(Preview::Unknown) }
    }

    /// What `make` makes of the attributes, unless one of them could not be read.
    pub fn finish<T>(self, make: impl FnOnce() -> Option<T>) -> Result<T, Diagnostics> {
        if self.diagnostics.has_errors() { Err(self.diagnostics) } else { make().ok_or(self.diagnostics) }
    }

    /// The one alternative that is there, where each of the attributes `names` stands for one.
    pub fn finish_one_of<T>(
        self,
        names: &[&str],
        alternatives: impl IntoIterator<Item = Option<T>>,
    ) -> Result<T, Diagnostics> {
        let path = self.path;
        let mut given: Vec<T> = self.finish(|| Some(alternatives.into_iter().flatten().collect()))?;
        match (given.pop(), given.is_empty()) {
            (Some(alternative), true) => Ok(alternative),
            (last, _) => Err(not_exactly_one(names, given.len() + usize::from(last.is_some()), path)),
        }
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.map(|members| members.get(name).unwrap_or(&Value::Null))
    }

    fn decode<T: Field>(&mut self, name: &str, value: &Value) -> Option<T> {
        let read = T::from_value(value, &self.path.attribute(name));
        read.map_err(|errors| self.diagnostics.extend(errors)).ok()
    }
}

/// The error for an object of which `given` attributes are given instead of one of `names`.
fn not_exactly_one(names: &[&str], given: usize, path: &Path) -> Diagnostics {
    let names = names.join("`, `");
    let detail = format!("Exactly one of `{names}` must be given, not {given} of them.");
    Diagnostic::error("Not exactly one alternative", detail).at(path.clone()).into()
}

/// The error for a text at `path` that is none of those that are allowed.
pub fn unexpected_choice(unknown: &UnknownChoice, path: &Path) -> Diagnostics {
    Diagnostic::error("Unexpected value", unknown.to_string()).at(path.clone()).into()
}

/// Members of which one is `value` and the others are `absent`.
pub fn alternative<T: Clone>(names: &[&str], name: &str, value: T, absent: &T) -> BTreeMap<String, T> {
    let others = names.iter().map(|other| ((*other).to_owned(), absent.clone()));
    others.chain([(name.to_owned(), value)]).collect()
}

/// Members by name.
pub fn members<T, const N: usize>(members: [(&str, T); N]) -> BTreeMap<String, T> {
    members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect()
}

/// The members that are there, by name.
pub fn present<T, const N: usize>(members: [(&str, Option<T>); N]) -> BTreeMap<String, T> {
    members.into_iter().filter_map(|(name, member)| Some((name.to_owned(), member?))).collect()
}

/// An attribute that a user writes, with the rules of its type.
pub fn input<T: Field>(mode: Mode, description: &str) -> Attribute {
    let rules = Rules { checks: T::checks(), same: T::same(), ..Rules::default() };
    Attribute { rules, ..Attribute::new(T::shape(), mode, description) }
}

/// An attribute that the provider gives, in all its parts.
pub fn output<T: Field>(description: &str) -> Attribute {
    computed(input::<T>(Mode::Computed, description))
}

fn computed(mut attribute: Attribute) -> Attribute {
    if let Shape::Nested(nesting, inner) = attribute.shape {
        let inner = inner.into_iter().map(|(name, attribute)| (name, computed(attribute))).collect();
        attribute.shape = Shape::Nested(nesting, inner);
    }
    let rules = Rules { default: None, replace: false, exclusive: None, ..attribute.rules };
    Attribute { mode: Mode::Computed, write_only: false, rules, ..attribute }
}

/// Narrows the range that `checks` allow to the bounds that are given, both included.
pub fn limit_range<T: Field>(checks: &mut Vec<Check>, min: Option<T>, max: Option<T>) {
    let number = |bound: Option<T>| bound.and_then(|bound| bound.to_value().as_number().cloned());
    let (min, max) = (number(min), number(max));
    for check in checks.iter_mut() {
        if let Check::Range(lower, upper) = check {
            *lower = min.or_else(|| lower.take());
            *upper = max.or_else(|| upper.take());
            return;
        }
    }
    checks.push(Check::Range(min, max));
}

/// Whether `name` is one of `names`, for assertions at compile time.
pub const fn contains(names: &[&str], name: &str) -> bool {
    let mut position = 0;
    while position < names.len() {
        if equal(names[position].as_bytes(), name.as_bytes()) {
            return true;
        }
        position += 1;
    }
    false
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    let mut position = 0;
    while position < a.len() && position < b.len() && a[position] == b[position] {
        position += 1;
    }
    position == a.len() && position == b.len()
}
