//! Enums: one of several texts, or an object with one of several attributes.

use syn::ext::IdentExt;
use syn::{DataEnum, Fields, Ident, LitStr, Type, Variant as Input};

use super::refuse;
use crate::errors::Errors;
use crate::names::{identifier, split_words};
use crate::parse::{Entries, Given, docs};

/// An enum whose variants all hold a value, or all none.
#[derive(Debug, Clone)]
pub(crate) enum Enum {
    /// Variants without values: a text.
    Texts(Vec<Variant<()>>),
    /// Variants with one value each: an object of which one attribute is given.
    Alternatives(Vec<Variant<Type>>),
}

/// A variant, with the type of what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Variant<T> {
    pub(crate) ident: Ident,
    /// Its text, or the name of its attribute.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) holds: T,
}

impl Variant<Type> {
    pub(super) fn drop_unusable_name(&mut self) {
        if identifier(&self.name).is_none() {
            self.name = split_words(&self.ident.unraw().to_string(), '_');
        }
    }
}

pub(super) fn build(errors: &Errors, ident: &Ident, data: &DataEnum) -> Option<Enum> {
    let variants = data.variants.iter();
    if data.variants.is_empty() {
        return refuse(errors, ident, "an enum without variants has no values");
    }
    if variants.clone().all(|variant| matches!(variant.fields, Fields::Unit)) {
        return Some(Enum::Texts(variants.map(|input| variant(errors, input, '-', ())).collect()));
    }
    // Every variant is looked at before giving up, so that all are reported.
    let held: Vec<_> = variants.clone().map(|variant| held(errors, variant)).collect();
    let held: Vec<Type> = held.into_iter().collect::<Option<_>>()?;
    Some(Enum::Alternatives(variants.zip(held).map(|(input, holds)| variant(errors, input, '_', holds)).collect()))
}

fn variant<T>(errors: &Errors, input: &Input, separator: char, holds: T) -> Variant<T> {
    let mut entries = Entries::parse(errors, &input.attrs);
    let name: Option<Given<LitStr>> = entries.text("name", "\"name\"");
    entries.finish("a variant");
    Variant {
        ident: input.ident.clone(),
        name: name.map_or_else(|| split_words(&input.ident.unraw().to_string(), separator), |name| name.value.value()),
        docs: docs(errors, &input.attrs),
        holds,
    }
}

fn held(errors: &Errors, variant: &Input) -> Option<Type> {
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first().map(|field| field.ty.clone()),
        Fields::Unit => {
            let ident = &variant.ident;
            let message = format!(
                "other variants hold a value, so this must too: write `{ident}({ident})`, if need be with an empty struct `{ident} {{}}`"
            );
            refuse(errors, ident, &message)
        }
        _ => refuse(errors, &variant.fields, "a variant holds exactly one value: put these into a struct of their own"),
    }
}
