//! From msgpack to values.

use std::collections::BTreeMap;
use std::str;

use framework::{Number, Step, Type, Value};

use super::token::{Reader, Token};
use super::{MAX_DEPTH, refinement};
use crate::codec::{CodecError, Problem};

/// No array is given more room than this before its elements are there.
const MAX_RESERVED: usize = 1024;

/// Reads the one value of type `ty` that `bytes` hold.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader, ty, MAX_DEPTH)?;
    match reader.remaining() {
        0 => Ok(value),
        more => Err(Problem::Trailing(more).into()),
    }
}

/// Reads a value that nests at most `depth` levels.
pub(super) fn read(reader: &mut Reader<'_>, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    let token = reader.next()?;
    if let Token::Array(_) | Token::Map(_) = token {
        let depth = depth.checked_sub(1).ok_or(Problem::TooDeep)?;
        return collection(reader, token, ty, depth);
    }
    Ok(match (ty, token) {
        (_, Token::Nil) => Value::Null,
        (_, Token::Ext(code, body)) => Value::Unknown(refinement::decode(code, body, ty).map(Box::new)),
        (Type::Bool, Token::Bool(value)) => Value::Bool(value),
        (Type::String, Token::Str(bytes)) => Value::string(text(bytes)?),
        (Type::Number, token) => Value::Number(number(token).ok_or_else(|| mismatch(ty, token))?),
        _ => return Err(mismatch(ty, token).into()),
    })
}

fn collection(reader: &mut Reader<'_>, head: Token<'_>, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    match (ty, head) {
        (Type::List(element), Token::Array(length)) => list(reader, length, |_| element, depth).map(Value::List),
        (Type::Set(element), Token::Array(length)) => {
            list(reader, length, |_| element, depth).map(Value::set).map_err(CodecError::in_set)
        }
        (Type::Tuple(types), Token::Array(length)) if types.len() == length => {
            list(reader, length, |index| &types[index], depth).map(Value::List)
        }
        (Type::Map(element), Token::Map(length)) => map(reader, length, element, depth),
        (Type::Object(types), Token::Map(length)) => object(reader, length, types, depth),
        (Type::Dynamic, Token::Array(2)) => dynamic(reader, depth),
        _ => Err(mismatch(ty, head).into()),
    }
}

fn list<'t>(
    reader: &mut Reader<'_>,
    length: usize,
    ty: impl Fn(usize) -> &'t Type,
    depth: usize,
) -> Result<Vec<Value>, CodecError> {
    let mut elements = Vec::with_capacity(length.min(reader.remaining()).min(MAX_RESERVED));
    for index in 0..length {
        let element = read(reader, ty(index), depth).map_err(|error| error.inside(Step::Index(index as u64)))?;
        elements.push(element);
    }
    Ok(elements)
}

fn map(reader: &mut Reader<'_>, length: usize, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    let mut members = BTreeMap::new();
    for _ in 0..length {
        let Value::String(key) = Value::string(key(reader)?) else {
            unreachable!("Value::string gives a string");
        };
        let value = read(reader, ty, depth).map_err(|error| error.inside(Step::Key(key.clone())))?;
        members.insert(key, value);
    }
    Ok(Value::Map(members))
}

fn object(
    reader: &mut Reader<'_>,
    length: usize,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, CodecError> {
    let mut members = BTreeMap::new();
    for _ in 0..length {
        let name = key(reader)?.to_owned();
        let at = |error: CodecError| error.inside(Step::Attribute(name.clone()));
        let ty = types.get(&name).ok_or_else(|| at(expected("no attribute of this name", "one").into()))?;
        let value = read(reader, ty, depth).map_err(at)?;
        members.insert(name, value);
    }
    match types.keys().find(|name| !members.contains_key(*name)) {
        None => Ok(Value::Map(members)),
        Some(name) => {
            let problem = expected(&types[name].to_string(), "a missing attribute");
            Err(CodecError::from(problem).inside(Step::Attribute(name.clone())))
        }
    }
}

fn dynamic(reader: &mut Reader<'_>, depth: usize) -> Result<Value, CodecError> {
    let (Token::Bin(json) | Token::Str(json)) = reader.next()? else {
        return Err(expected("a type", "something else").into());
    };
    let json = serde_json::from_slice(json).map_err(|error| Problem::Json(error.to_string()))?;
    let ty = Type::from_json(&json).map_err(|error| expected("a type", &error.to_string()))?;
    Ok(match read(reader, &ty, depth)? {
        open @ (Value::Null | Value::Unknown(_)) => open,
        value => Value::Dynamic(Box::new((ty, value))),
    })
}

fn key<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Problem> {
    match reader.next()? {
        Token::Str(bytes) => text(bytes),
        token => Err(expected("a key", token.kind())),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    str::from_utf8(bytes).map_err(|_| expected("UTF-8", "other bytes"))
}

/// A number in any of the notations that hosts and providers use.
fn number(token: Token<'_>) -> Option<Number> {
    match token {
        Token::Int(value) => Some(value.into()),
        Token::Uint(value) => Some(value.into()),
        Token::Float(value) => Number::try_from(value).ok(),
        Token::Str(bytes) => str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

fn mismatch(ty: &Type, token: Token<'_>) -> Problem {
    expected(&ty.to_string(), token.kind())
}

fn expected(expected: &str, found: &str) -> Problem {
    Problem::Type { expected: expected.to_owned(), found: found.to_owned() }
}
