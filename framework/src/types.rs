//! Types of values, and whether a value conforms to one.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

use crate::{Path, Value};

/// The type of a [`Value`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Text.
    String,
    /// An exact number.
    Number,
    /// True or false.
    Bool,
    /// Any type: the value brings its own.
    Dynamic,
    /// A sequence of one element type.
    List(Box<Type>),
    /// A collection without order and without repeats of one element type.
    Set(Box<Type>),
    /// Text keys to values of one type.
    Map(Box<Type>),
    /// Named attributes, each of its own type. Every attribute is present in a value, null if it was not given.
    Object(BTreeMap<String, Type>),
    /// A sequence with a type for each position.
    Tuple(Vec<Type>),
}

/// A value that does not conform: where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {expected} expected, not {found}")]
pub struct Mismatch {
    /// Where in the value.
    pub path: Path,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// A text that is no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a type: {0}")]
pub struct TypeError(String);

/// How deep a type may nest, when it is read from outside.
const MAX_DEPTH: usize = 64;

impl Type {
    /// An object type of the given attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Checks that `value` conforms. Null and unknown conform to every type.
    ///
    /// # Errors
    /// The first place, in order, where it does not.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        self.check_at(value, &Path::root())
    }

    fn check_at(&self, value: &Value, path: &Path) -> Result<(), Mismatch> {
        let mismatch =
            || Err(Mismatch { path: path.clone(), expected: self.to_string(), found: value.kind().to_owned() });
        match (self, value) {
            (_, Value::Null | Value::Unknown(_))
            | (Self::String, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Bool, Value::Bool(_)) => Ok(()),
            (Self::Dynamic, Value::Dynamic(inner)) => inner.0.check_at(&inner.1, path),
            (Self::List(element), Value::List(elements)) => {
                (0..).zip(elements).try_for_each(|(index, value)| element.check_at(value, &path.index(index)))
            }
            (Self::Set(element), Value::Set(elements)) => {
                elements.iter().try_for_each(|value| element.check_at(value, &path.element(value.clone())))
            }
            (Self::Map(element), Value::Map(members)) => {
                members.iter().try_for_each(|(key, value)| element.check_at(value, &path.key(key)))
            }
            (Self::Tuple(types), Value::List(elements)) if types.len() == elements.len() => (0..)
                .zip(types.iter().zip(elements))
                .try_for_each(|(index, (ty, value))| ty.check_at(value, &path.index(index))),
            (Self::Object(types), Value::Map(members)) => check_object(types, members, path),
            _ => mismatch(),
        }
    }

    /// The type in the JSON notation of cty, such as `["list","string"]`.
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Object(attributes) => {
                let attributes: serde_json::Map<_, _> =
                    attributes.iter().map(|(name, ty)| (name.clone(), ty.to_json())).collect();
                json!(["object", attributes])
            }
            Self::Tuple(types) => json!(["tuple", types.iter().map(Self::to_json).collect::<Vec<_>>()]),
        }
    }

    /// Reads a type in the JSON notation of cty. Optional attributes of object types are read as attributes.
    pub fn from_json(json: &Json) -> Result<Self, TypeError> {
        Self::from_json_at(json, 0)
    }

    fn from_json_at(json: &Json, depth: usize) -> Result<Self, TypeError> {
        let error = || Err(TypeError(json.to_string().chars().take(200).collect()));
        if depth > MAX_DEPTH {
            return error();
        }
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "dynamic" => Ok(Self::Dynamic),
                _ => error(),
            },
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), Json::Object(attributes), ..] if kind == "object" && parts.len() <= 3 => {
                    attributes
                        .iter()
                        .map(|(name, ty)| Ok((name.clone(), Self::from_json_at(ty, depth + 1)?)))
                        .collect::<Result<_, _>>()
                        .map(Self::Object)
                }
                [Json::String(kind), Json::Array(types)] if kind == "tuple" => {
                    types.iter().map(|ty| Self::from_json_at(ty, depth + 1)).collect::<Result<_, _>>().map(Self::Tuple)
                }
                [Json::String(kind), element] => {
                    let element = Box::new(Self::from_json_at(element, depth + 1)?);
                    match kind.as_str() {
                        "list" => Ok(Self::List(element)),
                        "set" => Ok(Self::Set(element)),
                        "map" => Ok(Self::Map(element)),
                        _ => error(),
                    }
                }
                _ => error(),
            },
            _ => error(),
        }
    }
}

fn check_object(
    types: &BTreeMap<String, Type>,
    members: &BTreeMap<String, Value>,
    path: &Path,
) -> Result<(), Mismatch> {
    let mismatch = |name: &str, expected: &str, found: &str| {
        Err(Mismatch { path: path.attribute(name), expected: expected.to_owned(), found: found.to_owned() })
    };
    if let Some(extra) = members.keys().find(|name| !types.contains_key(*name)) {
        return mismatch(extra, "no attribute of this name", "one");
    }
    for (name, ty) in types {
        match members.get(name) {
            Some(value) => ty.check_at(value, &path.attribute(name))?,
            None => return mismatch(name, &ty.to_string(), "a missing attribute"),
        }
    }
    Ok(())
}

/// Prints the type in HCL's spelling: `list(string)`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::Dynamic => f.write_str("any"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Object(attributes) => {
                f.write_str("object({")?;
                for (position, (name, ty)) in attributes.iter().enumerate() {
                    write!(f, "{}{name} = {ty}", if position == 0 { "" } else { ", " })?;
                }
                f.write_str("})")
            }
            Self::Tuple(types) => {
                f.write_str("tuple([")?;
                for (position, ty) in types.iter().enumerate() {
                    write!(f, "{}{ty}", if position == 0 { "" } else { ", " })?;
                }
                f.write_str("])")
            }
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ty: &str, value: Value, expected: &str) {
        let ty = Type::from_json(&serde_json::from_str(ty).expect("JSON")).expect("a type");
        assert_eq!(Type::from_json(&ty.to_json()), Ok(ty.clone()));
        let outcome = ty.check(&value).map_or_else(|mismatch| mismatch.to_string(), |()| "conforms".into());
        assert_eq!(outcome, expected);
    }

    #[test]
    fn conformity() {
        check(r#"["list","string"]"#, Value::List(vec!["a".into(), Value::Null]), "conforms");
        check(r#"["list","string"]"#, Value::List(vec![true.into()]), "[0]: string expected, not a bool");
        check(r#"["set","string"]"#, Value::List(vec![]), "(root): set(string) expected, not a list");
        check(r#"["object",{"a":"bool"}]"#, Value::map([("a", true.into())]), "conforms");
        check(
            r#"["object",{"a":"bool"}]"#,
            Value::map([("b", true.into())]),
            "b: no attribute of this name expected, not one",
        );
        check(r#"["object",{"a":"bool"}]"#, Value::map::<&str>([]), "a: bool expected, not a missing attribute");
        check(
            r#"["tuple",["bool","string"]]"#,
            Value::List(vec![true.into()]),
            "(root): tuple([bool, string]) expected, not a list",
        );
        check(r#""dynamic""#, Value::Dynamic(Box::new((Type::Bool, true.into()))), "conforms");
        check(r#""dynamic""#, Value::from("x"), "(root): any expected, not a string");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}\"string\"{}", "[\"list\",".repeat(100), "]".repeat(100));
        for text in ["\"text\"", "[\"list\"]", "[\"list\",\"string\",1]", "1", "[\"object\",[]]", &deep] {
            let json = serde_json::from_str(text).expect("JSON");
            assert!(Type::from_json(&json).is_err(), "{text}");
        }
    }
}
