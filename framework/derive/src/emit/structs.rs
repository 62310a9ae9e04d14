//! `Attributes` and `Field` of a struct.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::{Cx, schema, slots};
use crate::model::{Field, Role, Struct};

pub(super) fn attributes(cx: &Cx<'_>, item: &Struct) -> TokenStream {
    let Cx { rt, ident, docs, .. } = cx;
    let fields = &item.fields;
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let slots = slots::whole(fields);
    let inner = slots::inner(fields);
    let attributes = fields.iter().zip(&slots).zip(&inner).map(|((field, slot), inner)| match item.role {
        Role::Outputs => schema::output(field, slot),
        Role::Nested | Role::Inputs(_) => schema::input(rt, field, slot, inner),
    });
    let idents = fields.iter().map(|field| &field.ident);
    let from_object = from_object(cx, fields);
    let field = field(cx);
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Attributes for #ident {
            const DESCRIPTION: &'static str = #docs;
            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn attributes() -> #rt::schema::Attributes {
                #rt::object::members([#((#names, #attributes)),*])
            }

            #from_object

            fn to_members(&self) -> ::std::collections::BTreeMap<::std::string::String, #rt::Value> {
                #rt::object::members([#((#names, #slots.encode(&self.#idents))),*])
            }
        }

        #field
    }
}

/// A struct is an object inside another.
fn field(cx: &Cx<'_>) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Field for #ident {
            fn shape() -> #rt::schema::Shape {
                #rt::schema::Shape::Nested(
                    #rt::schema::Nesting::Single,
                    <Self as #rt::attributes::Attributes>::attributes(),
                )
            }

            fn from_value(
                value: &#rt::Value,
                path: &#rt::Path,
            ) -> ::core::result::Result<Self, #rt::Diagnostics> {
                <Self as #rt::attributes::Attributes>::from_object(value, path)
            }

            fn to_value(&self) -> #rt::Value {
                #rt::Value::Map(<Self as #rt::attributes::Attributes>::to_members(self))
            }
        }
    }
}

fn from_object(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let rt = cx.rt;
    let reads = fields.iter().zip(slots::whole(fields)).map(|(field, slot)| read(field, &slot));
    let parts = parts(fields);
    let idents = fields.iter().map(|field| &field.ident);
    quote! {
        fn from_object(object: &#rt::Value, path: &#rt::Path) -> ::core::result::Result<Self, #rt::Diagnostics> {
            let mut reader = #rt::object::Reader::new(object, path);
            #(let #parts = #reads;)*
            reader.finish(|| ::core::option::Option::Some(Self { #(#idents: #parts?),* }))
        }
    }
}

/// Names for the parts of an object while it is read. They are never in one scope with names of the user.
pub(super) fn parts(fields: &[Field]) -> Vec<Ident> {
    (0..fields.len()).map(|position| format_ident!("part_{position}")).collect()
}

fn read(field: &Field, slot: &TokenStream) -> TokenStream {
    let name = &field.name;
    let with_default = schema::default(field).map(|default| quote!(reader.read_or(#name, #slot, || #default)));
    with_default.unwrap_or_else(|| quote!(reader.read(#name, #slot)))
}
