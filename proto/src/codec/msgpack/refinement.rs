//! What is known of unknown values.
//!
//! A refinement only narrows, so one that cannot be read, or that others could not read, is left out.

use framework::value::Refinement;
use framework::{Number, Type, Value};
use rmp::encode::{self, ByteBuf};

use super::decode::read;
use super::encode::{bool, number, string};
use super::token::{Reader, Token};
use super::{MAX_REFINEMENT, REFINED_UNKNOWN};
use crate::codec::Problem;

const NULLNESS: u64 = 1;
const PREFIX: u64 = 2;
const MIN: u64 = 3;
const MAX: u64 = 4;
const MIN_LENGTH: u64 = 5;
const MAX_LENGTH: u64 = 6;

/// Reads what an extension of type `code` says of an unknown value of type `ty`.
pub(super) fn decode(code: i8, body: &[u8], ty: &Type) -> Option<Refinement> {
    if code != REFINED_UNKNOWN || body.len() > MAX_REFINEMENT || *ty == Type::Dynamic {
        return None;
    }
    entries(&mut Reader::new(body)).ok().filter(|refinement| *refinement != Refinement::default())
}

fn entries(reader: &mut Reader<'_>) -> Result<Refinement, Problem> {
    let mut refinement = Refinement::default();
    let Token::Map(length) = reader.next()? else { return Ok(refinement) };
    for _ in 0..length {
        match reader.next()? {
            Token::Uint(NULLNESS) => refinement.null = known(reader, &Type::Bool)?.as_bool(),
            Token::Uint(PREFIX) => refinement.prefix = known(reader, &Type::String)?.as_str().map(str::to_owned),
            Token::Uint(MIN) => refinement.min = bound(reader)?,
            Token::Uint(MAX) => refinement.max = bound(reader)?,
            Token::Uint(MIN_LENGTH) => refinement.min_length = length_bound(reader)?,
            Token::Uint(MAX_LENGTH) => refinement.max_length = length_bound(reader)?,
            _ => reader.skip(super::MAX_DEPTH)?,
        }
    }
    Ok(refinement)
}

fn known(reader: &mut Reader<'_>, ty: &Type) -> Result<Value, Problem> {
    read(reader, ty, super::MAX_DEPTH).map_err(|error| error.problem)
}

fn length_bound(reader: &mut Reader<'_>) -> Result<Option<u64>, Problem> {
    Ok(known(reader, &Type::Number)?.as_number().and_then(Number::to_u64))
}

/// A number, and whether it is itself allowed.
fn bound(reader: &mut Reader<'_>) -> Result<Option<(Number, bool)>, Problem> {
    let pair = known(reader, &Type::Tuple(vec![Type::Number, Type::Bool]))?;
    let Some([number, inclusive]) = pair.as_elements() else { return Ok(None) };
    Ok(number.as_number().cloned().zip(inclusive.as_bool()))
}

/// Writes an unknown value of type `ty`, with what is known of it.
pub(super) fn encode(out: &mut ByteBuf, known: Option<&Refinement>, ty: &Type) {
    let body = known.filter(|_| *ty != Type::Dynamic).and_then(|known| body(known, ty).ok()).unwrap_or_default();
    if body.is_empty() || body.len() > MAX_REFINEMENT {
        out.as_mut_vec().extend_from_slice(&[0xd4, 0, 0]);
        return;
    }
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let Ok(_) = encode::write_ext_meta(out, length, REFINED_UNKNOWN);
    out.as_mut_vec().extend_from_slice(&body);
}

/// The map of what is known and applies to the type; empty if that is nothing.
fn body(known: &Refinement, ty: &Type) -> Result<Vec<u8>, Problem> {
    let mut entries = ByteBuf::new();
    let mut count: u32 = 0;
    let mut entry = |key: u64, entries: &mut ByteBuf| {
        count += 1;
        number(entries, &key.into());
    };
    if let Some(null) = known.null {
        entry(NULLNESS, &mut entries);
        bool(&mut entries, null);
    }
    match ty {
        Type::String => {
            if let Some(prefix) = &known.prefix {
                entry(PREFIX, &mut entries);
                string(&mut entries, prefix)?;
            }
        }
        Type::Number => {
            for (key, bound) in [(MIN, &known.min), (MAX, &known.max)] {
                let Some((bound, inclusive)) = bound else { continue };
                entry(key, &mut entries);
                let Ok(_) = encode::write_array_len(&mut entries, 2);
                number(&mut entries, bound);
                bool(&mut entries, *inclusive);
            }
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            for (key, bound) in [(MIN_LENGTH, known.min_length), (MAX_LENGTH, known.max_length)] {
                let Some(bound) = bound else { continue };
                entry(key, &mut entries);
                number(&mut entries, &bound.into());
            }
        }
        Type::Bool | Type::Dynamic | Type::Object(_) | Type::Tuple(_) => {}
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut body = ByteBuf::new();
    let Ok(_) = encode::write_map_len(&mut body, count);
    body.as_mut_vec().extend_from_slice(entries.as_slice());
    Ok(body.into_vec())
}
