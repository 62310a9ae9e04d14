//! Rules of enums.

use syn::Type;

use crate::errors::Errors;
use crate::model::Variant;
use crate::names;

pub(super) fn variants_are_described<T>(errors: &Errors, variants: &[Variant<T>]) {
    for variant in variants.iter().filter(|variant| variant.docs.is_empty()) {
        let ident = &variant.ident;
        errors.at(ident, format!("`{ident}` needs a description for the schema: write `/// ...` above it"));
    }
}

pub(super) fn names_are_distinct<T>(errors: &Errors, variants: &[Variant<T>]) {
    for (position, variant) in variants.iter().enumerate() {
        if let Some(other) = variants[..position].iter().find(|other| other.name == variant.name) {
            let message = format!("`{}` has the name {:?} already", other.ident, other.name);
            errors.at(&variant.ident, message);
        }
    }
}

pub(super) fn names_are_attribute_names(errors: &Errors, variants: &[Variant<Type>]) {
    for Variant { ident, name, .. } in variants {
        if !names::is_attribute(name) {
            errors.at(ident, "an attribute's name has small letters, digits and underscores only");
        } else if names::identifier(name).is_none() {
            errors.at(ident, format!("Rust keeps the name `{name}` to itself: choose another"));
        }
    }
}
