//! `Attributes` and `Field` of a struct.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::{Cx, schema};
use crate::model::{Field, Role, Struct};

pub(super) fn attributes(cx: &Cx<'_>, item: &Struct) -> TokenStream {
    let Cx { rt, ident, docs, .. } = cx;
    let fields = &item.fields;
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let attributes = fields.iter().map(|field| match item.role {
        Role::Outputs => schema::output(rt, field),
        Role::Nested | Role::Inputs(_) => schema::input(rt, field),
    });
    let idents = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| &field.ty);
    let from_object = from_object(cx, fields);
    let bounds = fields_are_fields(cx, fields);
    let options = fields.iter().map(|field| options_are_seen(cx, field));
    quote! {
        #[automatically_derived]
        #[allow(trivial_bounds)]
        impl #rt::attributes::Attributes for #ident
        where
            #bounds
        {
            const DESCRIPTION: &'static str = #docs;
            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn attributes() -> #rt::schema::Attributes {
                #rt::object::members([#((#names, #attributes)),*])
            }

            #from_object

            fn to_members(&self) -> ::std::collections::BTreeMap<::std::string::String, #rt::Value> {
                #rt::object::members([#((#names, <#types as #rt::attributes::Field>::to_value(&self.#idents))),*])
            }
        }

        #[automatically_derived]
        #[allow(trivial_bounds)]
        impl #rt::attributes::Field for #ident
        where
            #bounds
        {
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

        #(#options)*
    }
}

/// The types of the fields as bounds, so that one that is no `Field` is reported once and not for every use.
fn fields_are_fields(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let rt = cx.rt;
    let types = fields.iter().map(|field| &field.ty);
    quote!(#(#types: #rt::attributes::Field),*)
}

fn from_object(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let rt = cx.rt;
    let reads = fields.iter().map(|field| read(field));
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

fn read(field: &Field) -> TokenStream {
    let Field { name, ty, .. } = field;
    match schema::default(field) {
        Some(default) => quote!(reader.read_or::<#ty>(#name, || #default)),
        None => quote!(reader.read::<#ty>(#name)),
    }
}

/// Refuses a type that is an `Option` under another name: whether an attribute is optional is read off its type.
fn options_are_seen(cx: &Cx<'_>, field: &Field) -> TokenStream {
    let (rt, inner) = (cx.rt, &field.inner);
    let message = "whether an attribute is optional is read off its type: write `Option<T>` out, and only once";
    quote_spanned! {inner.span()=>
        const _: () = ::core::assert!(<#inner as #rt::attributes::Field>::REQUIRED, #message);
    }
}
