//! [`Field`] for the types of the standard library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FilePath, PathBuf};

use crate::attributes::{Field, SetElement, collection};
use crate::schema::{Check, Nesting, Shape};
use crate::{Diagnostic, Diagnostics, Number, Path, Type, Value};

/// The error for a value that cannot be read as what was expected.
pub fn unexpected(expected: &str, value: &Value, path: &Path) -> Diagnostics {
    let detail = format!("{expected} expected, not {}.", value.kind());
    Diagnostic::error("Unexpected value", detail).at(path.clone()).into()
}

impl Field for bool {
    fn shape() -> Shape {
        Shape::Plain(Type::Bool)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        value.as_bool().ok_or_else(|| unexpected("a bool", value, path))
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for String {
    fn shape() -> Shape {
        Shape::Plain(Type::String)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        value.as_str().map(str::to_owned).ok_or_else(|| unexpected("a string", value, path))
    }

    fn to_value(&self) -> Value {
        Value::string(self.as_str())
    }
}
impl SetElement for String {}

/// A path in the file system, as written: relative paths stay relative. Lexically equal paths (`./a//b` and `a/b`) mean
/// the same, so the spelling that was recorded first is kept.
impl Field for PathBuf {
    fn shape() -> Shape {
        String::shape()
    }

    fn same() -> Option<fn(&Value, &Value) -> bool> {
        Some(|a, b| match (a.as_str(), b.as_str()) {
            // `components` folds repeated separators and inner dots, but keeps a leading dot.
            (Some(a), Some(b)) => lexical(a).eq(lexical(b)),
            _ => a == b,
        })
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        String::from_value(value, path).map(Self::from)
    }

    fn to_value(&self) -> Value {
        Value::string(self.to_string_lossy())
    }
}

fn lexical(path: &str) -> impl Iterator<Item = std::path::Component<'_>> {
    FilePath::new(path).components().filter(|component| *component != std::path::Component::CurDir)
}

impl Field for Number {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        value.as_number().cloned().ok_or_else(|| unexpected("a number", value, path))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}
impl SetElement for Number {}

impl Field for f64 {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let float = Number::from_value(value, path)?.to_f64();
        if float.is_finite() {
            Ok(float)
        } else {
            Err(unexpected("a number that a 64-bit float can hold", value, path))
        }
    }

    /// The shortest decimal that is read as this float again, so that 12.34 is not shown with 50 digits.
    fn to_value(&self) -> Value {
        self.to_string().parse().map_or(Value::Null, Value::Number)
    }
}

macro_rules! integer_fields {
    ($($integer:ty),*) => {$(
        impl Field for $integer {
            fn shape() -> Shape {
                Shape::Plain(Type::Number)
            }

            fn checks() -> Vec<Check> {
                vec![Check::Integer, Check::Range(Some(Self::MIN.into()), Some(Self::MAX.into()))]
            }

            fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
                let number = value.as_number().ok_or_else(|| unexpected("a number", value, path))?;
                let integer = number.to_i64().and_then(|integer| Self::try_from(integer).ok());
                let integer = integer.or_else(|| number.to_u64().and_then(|integer| Self::try_from(integer).ok()));
                integer.ok_or_else(|| {
                    unexpected(&format!("an integer from {} to {}", Self::MIN, Self::MAX), value, path)
                })
            }

            fn to_value(&self) -> Value {
                Value::Number((*self).into())
            }
        }
        impl SetElement for $integer {}
    )*};
}
integer_fields!(u8, u16, u32, u64, i32, i64);

impl<T: Field> Field for Option<T> {
    const REQUIRED: bool = false;

    fn shape() -> Shape {
        T::shape()
    }

    fn checks() -> Vec<Check> {
        T::checks()
    }

    fn same() -> Option<fn(&Value, &Value) -> bool> {
        T::same()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        if value.is_null() { Ok(None) } else { T::from_value(value, path).map(Some) }
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

fn each<T: Field>() -> Vec<Check> {
    let checks = T::checks();
    if checks.is_empty() { checks } else { vec![Check::Each(checks)] }
}

fn gather<T, C: FromIterator<T>>(parts: impl Iterator<Item = Result<T, Diagnostics>>) -> Result<C, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let collected = parts.filter_map(|part| part.map_err(|errors| diagnostics.extend(errors)).ok()).collect();
    if diagnostics.is_empty() { Ok(collected) } else { Err(diagnostics) }
}

impl<T: Field> Field for Vec<T> {
    fn shape() -> Shape {
        collection(Nesting::List, T::shape())
    }

    fn checks() -> Vec<Check> {
        each::<T>()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let Value::List(elements) = value else { return Err(unexpected("a list", value, path)) };
        gather((0..).zip(elements).map(|(index, element)| T::from_value(element, &path.index(index))))
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: SetElement + Ord> Field for BTreeSet<T> {
    fn shape() -> Shape {
        collection(Nesting::Set, T::shape())
    }

    fn checks() -> Vec<Check> {
        each::<T>()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let Value::Set(elements) = value else { return Err(unexpected("a set", value, path)) };
        gather(elements.iter().map(|element| T::from_value(element, &path.element(element.clone()))))
    }

    fn to_value(&self) -> Value {
        Value::set(self.iter().map(T::to_value))
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn shape() -> Shape {
        collection(Nesting::Map, T::shape())
    }

    fn checks() -> Vec<Check> {
        each::<T>()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let Value::Map(members) = value else { return Err(unexpected("a map", value, path)) };
        gather(members.iter().map(|(key, member)| Ok((key.clone(), T::from_value(member, &path.key(key))?))))
    }

    fn to_value(&self) -> Value {
        Value::map(self.iter().map(|(key, member)| (key.clone(), member.to_value())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip<T: Field + PartialEq + std::fmt::Debug>(value: T) {
        let encoded = value.to_value();
        T::shape().ty().check(&encoded).expect("conforms");
        assert_eq!(T::from_value(&encoded, &Path::root()), Ok(value));
    }

    #[test]
    fn values_survive() {
        round_trip(u64::MAX);
        round_trip(i64::MIN);
        round_trip(0.1_f64);
        round_trip(Some(vec![BTreeSet::from(["b".to_owned(), "a".to_owned()])]));
        round_trip(None::<bool>);
        round_trip(BTreeMap::from([("k".to_owned(), PathBuf::from("./a"))]));
    }

    #[test]
    fn errors_name_every_place() {
        let value = Value::List(vec![Value::from(70_000), Value::from(1), Value::from("x")]);
        let errors = <Vec<u16>>::from_value(&value, &Path::of("ports")).expect_err("two errors");
        let places: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "error: ports[0]: Unexpected value\nan integer from 0 to 65535 expected, not a number.",
                "error: ports[2]: Unexpected value\na number expected, not a string."
            ]
        );
    }

    #[test]
    fn lexically_equal_paths_are_the_same() {
        let same = PathBuf::same().expect("paths have a notion of their own");
        for (a, b, expected) in [("./a//b/", "a/b", true), ("a/../b", "b", false), (".", "", true), ("/a", "a", false)]
        {
            assert_eq!(same(&a.into(), &b.into()), expected, "{a} {b}");
        }
    }
}
