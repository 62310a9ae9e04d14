//! Structs: the attributes of an object.

use syn::ext::IdentExt;
use syn::{DataStruct, Field as Input, Fields, Ident, LitStr, Path};

use super::{Field, Rules, refuse};
use crate::errors::Errors;
use crate::parse::{Entries, Given, docs};
use crate::types;

/// A struct with named fields.
#[derive(Debug, Clone)]
pub(crate) struct Struct {
    pub(crate) role: Role,
    pub(crate) fields: Vec<Field>,
}

/// What a struct is for.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// An object inside another, or what somebody uses directly.
    Nested,
    /// The inputs of a resource or data source.
    Inputs(Declared),
    /// The outputs of one.
    Outputs,
}

/// The resource or data source whose inputs a struct is.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) kind: Kind,
    pub(crate) type_name: LitStr,
    pub(crate) builder: Ident,
    pub(crate) outputs: Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Resource,
    DataSource,
}

pub(super) fn build(errors: &Errors, entries: &mut Entries<'_>, ident: &Ident, data: &DataStruct) -> Option<Struct> {
    let role = role(errors, entries, ident);
    let Fields::Named(named) = &data.fields else {
        let message = "attributes need names: write the fields as `{ name: Type }`, or `{}` for none";
        return if data.fields.is_empty() {
            refuse(errors, ident, message)
        } else {
            refuse(errors, &data.fields, message)
        };
    };
    let fields = named.named.iter().filter_map(|field| Some(self::field(errors, field.ident.as_ref()?, field)));
    Some(Struct { role, fields: fields.collect() })
}

fn role(errors: &Errors, entries: &mut Entries<'_>, ident: &Ident) -> Role {
    let is_outputs = entries.bare("outputs");
    let resource = entries.text("resource", "\"provider_name\"").map(|name| (Kind::Resource, name));
    let data_source = entries.text("data_source", "\"provider_name\"").map(|name| (Kind::DataSource, name));
    if let (Some(_), Some((_, other))) = (&resource, &data_source) {
        errors.at(&other.key, "a struct has the inputs of a resource or of a data source, not of both");
    }
    let builder = entries.path("builder", "Name");
    let outputs = if is_outputs.is_some() { None } else { entries.path("outputs", "Outputs") };
    match (resource.or(data_source), is_outputs) {
        (Some((_, name)), Some(_)) => {
            errors
                .at(name.key, "a struct holds inputs or outputs, not both: name the outputs with `outputs = Outputs`");
            Role::Outputs
        }
        (Some((kind, name)), None) => inputs(errors, ident, kind, name, builder, outputs),
        (None, is_outputs) => {
            for stray in [builder, outputs].into_iter().flatten() {
                errors.at(stray.key, "only with `resource = \"...\"` or `data_source = \"...\"`");
            }
            is_outputs.map_or(Role::Nested, |_| Role::Outputs)
        }
    }
}

fn inputs(
    errors: &Errors,
    ident: &Ident,
    kind: Kind,
    name: Given<LitStr>,
    builder: Option<Given<Path>>,
    outputs: Option<Given<Path>>,
) -> Role {
    let missing = |what: &str| errors.at(&name.key, format!("`{what}` is missing beside it"));
    if builder.is_none() {
        missing("builder = Name");
    }
    if outputs.is_none() {
        missing("outputs = Outputs");
    }
    let builder = builder.and_then(|given| match given.value.get_ident() {
        Some(builder) if builder != ident => Some(builder.clone()),
        Some(_) => {
            refuse(errors, &given.value, "the builder is a type of its own: it needs another name than the struct")
        }
        None => refuse(errors, &given.value, "the builder is made here: write a name without a path"),
    });
    match (builder, outputs) {
        (Some(builder), Some(outputs)) => {
            Role::Inputs(Declared { kind, type_name: name.value, builder, outputs: outputs.value })
        }
        _ => Role::Nested,
    }
}

fn field(errors: &Errors, ident: &Ident, field: &Input) -> Field {
    let mut entries = Entries::parse(errors, &field.attrs);
    let rules = Rules {
        default: entries.expr("default", "value"),
        replace: entries.flag("replace"),
        sensitive: entries.flag("sensitive"),
        write_only: entries.flag("write_only"),
        deprecated: entries.text("deprecated", "\"what to use instead\""),
        range: entries.range("range", "1..=10"),
        length: entries.range("length", "1..=10"),
        one_of: entries.texts("one_of"),
        exclusive: entries.text("exclusive", "\"group\""),
    };
    entries.finish("a field");
    let option = types::option(&field.ty);
    Field {
        ident: ident.clone(),
        name: ident.unraw().to_string(),
        docs: docs(errors, &field.attrs),
        ty: field.ty.clone(),
        is_option: option.is_some(),
        inner: option.unwrap_or(&field.ty).clone(),
        rules,
    }
}
