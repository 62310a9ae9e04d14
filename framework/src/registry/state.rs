//! Typed states from recorded values, and back.

use std::collections::BTreeMap;

use crate::attributes::{Attributes, Inputs, Partial};
use crate::resource::{OutputsOf, PartialOf, Resource, State};
use crate::{Diagnostic, Diagnostics, Path, Value};

/// Reads a recorded object.
pub(super) fn decode<R: Resource>(value: &Value, private: &[u8]) -> Result<State<R>, Diagnostics> {
    Ok(State {
        inputs: PartialOf::<R>::from_object(value)?,
        outputs: OutputsOf::<R>::from_object(value, &Path::root())
            .map_err(|errors| super::undecodable("The recorded state is incomplete", errors))?,
        private: decode_private::<R>(private)?,
    })
}

/// Reads private data. What was never written is the default.
pub(super) fn decode_private<R: Resource>(private: &[u8]) -> Result<R::Private, Diagnostics> {
    if private.is_empty() {
        return Ok(R::Private::default());
    }
    serde_json::from_slice(private).map_err(|error| {
        let detail = format!("{error}. It may have been written by a newer release of the provider.");
        Diagnostic::error("The private data of the object cannot be read", detail).into()
    })
}

/// Writes private data; the default is written as nothing.
pub(super) fn encode_private<R: Resource>(private: &R::Private) -> Vec<u8> {
    let write = |private: &R::Private| serde_json::to_vec(private).unwrap_or_default();
    let bytes = write(private);
    if bytes == write(&R::Private::default()) { Vec::new() } else { bytes }
}

/// Puts a recorded value together from a typed state.
///
/// An input keeps the spelling of the first of `spellings` that it equals by its type; one that equals none was changed
/// by the author. An input that is absent comes from the first of `spellings`.
pub(super) fn encode<R: Resource>(state: &State<R>, spellings: &[&Value]) -> Value {
    let given = state.inputs.to_members();
    let typed: Vec<_> = spellings.iter().map(|spelling| typed_members::<R>(spelling)).collect();
    let mut members = BTreeMap::new();
    for name in R::Inputs::attributes().into_keys() {
        let value = match given.get(&name) {
            None => spellings.first().map_or(Value::Null, |spelling| spelling.member(&name).clone()),
            Some(value) => {
                let spelled = typed.iter().position(|typed| typed.get(&name) == Some(value));
                spelled.map_or_else(|| value.clone(), |index| spellings[index].member(&name).clone())
            }
        };
        members.insert(name, value);
    }
    members.extend(state.outputs.to_members());
    Value::Map(members)
}

fn typed_members<R: Resource>(spelling: &Value) -> BTreeMap<String, Value> {
    <R::Inputs as Inputs>::Partial::from_object(spelling).map(|partial| partial.to_members()).unwrap_or_default()
}

/// The recorded value of an object that was made as planned: the inputs of the plan, and the outputs.
pub(super) fn complete<R: Resource>(planned: &Value, outputs: &OutputsOf<R>) -> Value {
    let mut members = planned.as_map().cloned().unwrap_or_default();
    members.extend(outputs.to_members());
    Value::Map(members)
}
