//! What is recorded of an object.

use serde_json::Value as Json;

use crate::{Type, Value};

/// An object under management, as the caller records it between operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its state under the current schema, wholly known.
    pub value: Value,
    /// The provider's private data: opaque, handed back as given.
    pub private: Vec<u8>,
    /// Whether its creation failed half-way: the next plan replaces it.
    pub tainted: bool,
}

/// An object as it is stored, perhaps under an older schema. [`super::Host::store`] makes one, [`super::Host::upgrade`]
/// reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The schema version under which it was stored.
    pub version: i64,
    /// Its state, a JSON object.
    pub json: Vec<u8>,
    /// The provider's private data.
    pub private: Vec<u8>,
    /// Whether its creation failed half-way.
    pub tainted: bool,
}

/// The stored state without the attributes that type `ty` does not have: a state that was stored under the same version
/// by a release of the provider with more attributes. What is no JSON is left for the provider to complain about.
pub(super) fn without_removed(json: Vec<u8>, ty: &Type) -> Vec<u8> {
    let Ok(mut tree) = serde_json::from_slice::<Json>(&json) else { return json };
    if strip(&mut tree, ty) { tree.to_string().into_bytes() } else { json }
}

/// Removes what `ty` does not have; whether there was anything.
fn strip(json: &mut Json, ty: &Type) -> bool {
    match (ty, json) {
        (Type::List(ty) | Type::Set(ty), Json::Array(elements)) => {
            elements.iter_mut().fold(false, |stripped, element| strip(element, ty) | stripped)
        }
        (Type::Map(ty), Json::Object(members)) => {
            members.values_mut().fold(false, |stripped, member| strip(member, ty) | stripped)
        }
        (Type::Object(types), Json::Object(members)) => {
            let before = members.len();
            members.retain(|name, _| types.contains_key(name));
            let removed = members.len() != before;
            types.iter().fold(removed, |stripped, (name, ty)| {
                members.get_mut(name).is_some_and(|member| strip(member, ty)) | stripped
            })
        }
        _ => false,
    }
}
