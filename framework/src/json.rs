//! Values as JSON: how states are stored, and how the SDK and tests read and write values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::value::normal_form;
use crate::{Number, Path, Type, Value};

/// Why a JSON text is not a value of the type asked for.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Something else stands where a value of a type was expected.
    #[error("{path}: {expected} expected")]
    Type {
        /// Where in the value.
        path: Path,
        /// What was expected there.
        expected: String,
    },
}

/// Reads a value of type `ty`.
///
/// Attributes that the type does not have are passed over and missing ones are null, so that a state that was written
/// before an attribute was added or removed can be read. A number or bool in a string is converted, as terraform does
/// with its own states.
pub fn decode(text: &[u8], ty: &Type) -> Result<Value, JsonError> {
    from_json(&serde_json::from_slice(text)?, ty)
}

/// The value of type `ty` that a JSON tree stands for, read as [`decode`] reads it.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, JsonError> {
    at(json, ty, &Path::root())
}

fn at(json: &Json, ty: &Type, path: &Path) -> Result<Value, JsonError> {
    let mismatch = || JsonError::Type { path: path.clone(), expected: ty.to_string() };
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Bool, Json::String(text)) => text.parse().map(Value::Bool).map_err(|_| mismatch()),
        (Type::Number, Json::Number(number)) => parse_number(&number.to_string()).ok_or_else(mismatch),
        (Type::Number, Json::String(text)) => parse_number(text).ok_or_else(mismatch),
        (Type::String, Json::String(text)) => Ok(Value::string(text.as_str())),
        (Type::String, Json::Bool(value)) => Ok(Value::string(value.to_string())),
        (Type::String, Json::Number(number)) => Ok(Value::string(number.to_string())),
        (Type::List(element), Json::Array(elements)) => list(elements, |_| element, path).map(Value::List),
        (Type::Set(element), Json::Array(elements)) => list(elements, |_| element, path).map(Value::set),
        (Type::Tuple(types), Json::Array(elements)) if types.len() == elements.len() => {
            list(elements, |index| &types[index], path).map(Value::List)
        }
        (Type::Map(element), Json::Object(members)) => members
            .iter()
            .map(|(key, json)| Ok((normal_form(key), at(json, element, &path.key(key))?)))
            .collect::<Result<_, _>>()
            .map(Value::Map),
        (Type::Object(types), Json::Object(members)) => types
            .iter()
            .map(|(name, ty)| {
                let member = members.get(name).unwrap_or(&Json::Null);
                Ok((name.clone(), at(member, ty, &path.attribute(name))?))
            })
            .collect::<Result<_, _>>()
            .map(Value::Map),
        (Type::Dynamic, Json::Object(members)) => dynamic(members, path).ok_or_else(mismatch)?,
        _ => Err(mismatch()),
    }
}

fn list<'t>(elements: &[Json], ty: impl Fn(usize) -> &'t Type, path: &Path) -> Result<Vec<Value>, JsonError> {
    let element = |(index, json): (usize, &Json)| at(json, ty(index), &path.index(index as u64));
    elements.iter().enumerate().map(element).collect()
}

fn dynamic(members: &serde_json::Map<String, Json>, path: &Path) -> Option<Result<Value, JsonError>> {
    let ty = Type::from_json(members.get("type")?).ok()?;
    let inner = at(members.get("value")?, &ty, path);
    Some(inner.map(|inner| if inner.is_null() { inner } else { Value::Dynamic(Box::new((ty, inner))) }))
}

fn parse_number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}

/// The JSON tree that stands for a known value; `None` when any part of it is unknown, which JSON cannot say.
pub fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Unknown(_) => return None,
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(serde_json::from_str(&number.to_string()).ok()?),
        Value::String(text) => Json::String(text.clone()),
        Value::List(elements) | Value::Set(elements) => elements.iter().map(to_json).collect::<Option<_>>()?,
        Value::Map(members) => {
            let members: Option<BTreeMap<_, _>> =
                members.iter().map(|(key, value)| Some((key.clone(), to_json(value)?))).collect();
            Json::Object(members?.into_iter().collect())
        }
        Value::Dynamic(inner) => serde_json::json!({ "type": inner.0.to_json(), "value": to_json(&inner.1)? }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance::arbitrary;

    #[track_caller]
    fn check(ty: &str, json: &str, expected: &str) {
        let ty = Type::from_json(&serde_json::from_str(ty).expect("JSON")).expect("a type");
        let found = match decode(json.as_bytes(), &ty) {
            Ok(value) => {
                assert_eq!(ty.check(&value), Ok(()));
                let again = from_json(&to_json(&value).expect("known"), &ty).expect("the same again");
                assert_eq!(again, value);
                format!("{value:?}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_type() {
        check(r#""number""#, "123456789012345678901234567890.125", "123456789012345678901234567890.125");
        check(r#""number""#, r#""1e2""#, "100");
        check(r#""bool""#, r#""true""#, "true");
        check(r#"["set","string"]"#, r#"["b","a","b"]"#, r#"{"a", "b"}"#);
        check(r#"["map","bool"]"#, r#"{"k":false}"#, r#"{"k": false}"#);
        check(r#"["tuple",["bool","string"]]"#, r#"[true,"x"]"#, r#"[true, "x"]"#);
        check(r#"["object",{"a":"bool","b":"string"}]"#, r#"{"a":true,"gone":1}"#, r#"{"a": true, "b": null}"#);
        check(r#""dynamic""#, r#"{"type":["list","bool"],"value":[true]}"#, "dynamic([true])");
        check(r#""dynamic""#, r#"{"type":"string","value":null}"#, "null");
    }

    #[test]
    fn errors_name_the_place() {
        check(r#"["list","number"]"#, r#"[1,"x"]"#, "[1]: number expected");
        check(r#"["object",{"a":["map","bool"]}]"#, r#"{"a":{"k":[]}}"#, r#"a["k"]: bool expected"#);
        check(r#""dynamic""#, r#"{"type":"nothing","value":1}"#, "(root): any expected");
        check(r#""number""#, "1e999999999", "(root): number expected");
        check(r#""string""#, "{", "not JSON: EOF while parsing an object at line 1 column 1");
    }

    /// Types in which every kind occurs, up to some depth.
    fn any_type() -> impl Strategy<Value = Type> {
        let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool), Just(Type::Dynamic)];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let boxed = inner.clone().prop_map(Box::new);
            prop_oneof![
                boxed.clone().prop_map(Type::List),
                boxed.clone().prop_map(Type::Set),
                boxed.prop_map(Type::Map),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
                prop::collection::btree_map("[ab]", inner, 0..3).prop_map(Type::Object),
            ]
        })
    }

    /// Trees that resemble values.
    fn any_json() -> impl Strategy<Value = Json> {
        let text = prop_oneof!["\\PC{0,4}", "-?[0-9.e]{0,6}", Just("type".to_owned()), Just("dynamic".to_owned())];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<f64>().prop_map(Json::from),
            text.prop_map(Json::String),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let dynamic = (any_type(), inner.clone());
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                prop::collection::btree_map("[ab]", inner, 0..4).prop_map(|members| members.into_iter().collect()),
                dynamic.prop_map(|(ty, value)| serde_json::json!({ "type": ty.to_json(), "value": value })),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_survives((ty, value) in any_type().prop_flat_map(|ty| (Just(ty.clone()), arbitrary::value(&ty)))) {
            let text = to_json(&value).expect("a known value").to_string();
            prop_assert_eq!(decode(text.as_bytes(), &ty).expect("the same again"), value);
        }

        #[test]
        fn whatever_is_read_conforms_and_survives(ty in any_type(), json in any_json()) {
            if let Ok(value) = decode(json.to_string().as_bytes(), &ty) {
                prop_assert_eq!(ty.check(&value), Ok(()));
                prop_assert_eq!(from_json(&to_json(&value).expect("a known value"), &ty).expect("the same again"), value);
            }
        }

        #[test]
        fn no_text_makes_it_panic(ty in any_type(), text in "[\\[\\]{}:,\"0-9.eE+a-z -]{0,60}") {
            drop(decode(text.as_bytes(), &ty));
        }
    }
}
