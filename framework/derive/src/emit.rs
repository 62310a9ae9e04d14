//! Writes the code. Every path is absolute and traits are called by their full names, so that nothing that the user's
//! module names otherwise changes the meaning.

mod alternatives;
mod builder;
mod declaration;
mod inputs;
mod outputs;
mod schema;
mod slots;
mod structs;
mod stub;
mod texts;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Ident, Path, Visibility};

use crate::model::{Enum, Item, Model, Role};

/// What all code for one struct or enum has in common.
struct Cx<'a> {
    /// Where `framework` is found.
    rt: &'a Path,
    ident: &'a Ident,
    vis: &'a Visibility,
    docs: &'a str,
}

impl Cx<'_> {
    /// The name of a type that is made beside the user's: `Inputs` and `Partial` give `InputsPartial`.
    fn beside(&self, suffix: &str) -> Ident {
        format_ident!("{}{suffix}", self.ident)
    }
}

/// An identifier that no identifier of the user can clash with.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The code for `model`.
pub(crate) fn emit(model: &Model) -> TokenStream {
    let cx = &Cx { rt: &model.runtime, ident: &model.ident, vis: &model.vis, docs: &model.docs };
    match &model.item {
        Item::Struct(item) => {
            let fields = &item.fields;
            let slots = slots::of_fields(cx, fields);
            let attributes = structs::attributes(cx, item);
            let (implementations, types) = match &item.role {
                Role::Nested => (TokenStream::new(), builder::builder(cx, fields)),
                Role::Outputs => (outputs::outputs(cx, fields), outputs::structs(cx, fields)),
                Role::Inputs(declared) => {
                    let mut types = inputs::partial_struct(cx, fields);
                    types.extend(declaration::declaration(cx, declared, fields));
                    (inputs::inputs(cx, declared, fields), types)
                }
            };
            quote! {
                #types

                const _: () = {
                    #slots
                    #attributes
                    #implementations
                };
            }
        }
        Item::Enum(Enum::Texts(variants)) => texts::texts(cx, variants),
        Item::Enum(Enum::Alternatives(variants)) => alternatives::alternatives(cx, variants),
        Item::Unusable { generic: false } => stub::stub(cx),
        // Whether a generic type can have the traits depends on its parameters.
        Item::Unusable { generic: true } => TokenStream::new(),
    }
}
