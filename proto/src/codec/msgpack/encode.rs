//! From values to msgpack.

use std::collections::BTreeMap;

use framework::{Number, Step, Type, Value};
use rmp::encode::{self, ByteBuf};

use super::refinement;
use crate::codec::{CodecError, Problem};

/// Writes `value` as one of type `ty`.
///
/// # Errors
/// The first place where the value does not conform to the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    let mut out = ByteBuf::new();
    write(&mut out, value, ty)?;
    Ok(out.into_vec())
}

fn write(out: &mut ByteBuf, value: &Value, ty: &Type) -> Result<(), CodecError> {
    match (ty, value) {
        (_, Value::Null) => nil(out),
        (_, Value::Unknown(known)) => refinement::encode(out, known.as_deref(), ty),
        (Type::Bool, Value::Bool(value)) => bool(out, *value),
        (Type::Number, Value::Number(value)) => number(out, value),
        (Type::String, Value::String(text)) => string(out, text)?,
        (Type::List(element), Value::List(elements)) => list(out, elements, |_| element)?,
        (Type::Set(element), Value::Set(elements)) => {
            list(out, elements, |_| element).map_err(CodecError::in_set)?;
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            list(out, elements, |index| &types[index])?;
        }
        (Type::Map(element), Value::Map(members)) => {
            head(out, members.len(), encode::write_map_len)?;
            for (key, value) in members {
                string(out, key)?;
                write(out, value, element).map_err(|error| error.inside(Step::Key(key.clone())))?;
            }
        }
        (Type::Object(types), Value::Map(members)) => object(out, members, types)?,
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, value) = inner.as_ref();
            head(out, 2, encode::write_array_len)?;
            binary(out, ty.to_json().to_string().as_bytes())?;
            write(out, value, ty)?;
        }
        _ => return Err(expected(&ty.to_string(), value.kind()).into()),
    }
    Ok(())
}

fn list<'t>(out: &mut ByteBuf, elements: &[Value], ty: impl Fn(usize) -> &'t Type) -> Result<(), CodecError> {
    head(out, elements.len(), encode::write_array_len)?;
    for (index, element) in elements.iter().enumerate() {
        write(out, element, ty(index)).map_err(|error| error.inside(Step::Index(index as u64)))?;
    }
    Ok(())
}

fn object(
    out: &mut ByteBuf,
    members: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
) -> Result<(), CodecError> {
    let at = |name: &String| {
        let name = name.clone();
        move |error: CodecError| error.inside(Step::Attribute(name))
    };
    if let Some(name) = members.keys().find(|name| !types.contains_key(*name)) {
        return Err(at(name)(expected("no attribute of this name", "one").into()));
    }
    head(out, types.len(), encode::write_map_len)?;
    for (name, ty) in types {
        let value = members.get(name).ok_or_else(|| expected(&ty.to_string(), "a missing attribute").into());
        string(out, name)?;
        value.and_then(|value| write(out, value, ty)).map_err(at(name))?;
    }
    Ok(())
}

pub(super) fn nil(out: &mut ByteBuf) {
    let Ok(()) = encode::write_nil(out);
}

pub(super) fn bool(out: &mut ByteBuf, value: bool) {
    let Ok(()) = encode::write_bool(out, value);
}

/// As an integer or a float where that is exact, otherwise in decimal.
pub(super) fn number(out: &mut ByteBuf, number: &Number) {
    if let Some(integer) = number.to_i64() {
        let Ok(_) = encode::write_sint(out, integer);
    } else if let Some(float) = number.to_f64_exact().filter(|_| !number.is_integer()) {
        let Ok(()) = encode::write_f64(out, float);
    } else {
        let Ok(()) = encode::write_str(out, &number.to_string());
    }
}

pub(super) fn string(out: &mut ByteBuf, text: &str) -> Result<(), Problem> {
    head(out, text.len(), encode::write_str_len)?;
    out.as_mut_vec().extend_from_slice(text.as_bytes());
    Ok(())
}

fn binary(out: &mut ByteBuf, bytes: &[u8]) -> Result<(), Problem> {
    head(out, bytes.len(), encode::write_bin_len)?;
    out.as_mut_vec().extend_from_slice(bytes);
    Ok(())
}

/// Writes the head of something with a length.
fn head<R>(out: &mut ByteBuf, length: usize, write: impl Fn(&mut ByteBuf, u32) -> R) -> Result<(), Problem> {
    let length = u32::try_from(length).map_err(|_| Problem::TooLong)?;
    write(out, length);
    Ok(())
}

fn expected(expected: &str, found: &str) -> Problem {
    Problem::Type { expected: expected.to_owned(), found: found.to_owned() }
}
