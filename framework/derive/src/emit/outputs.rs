//! `Outputs` of a struct, and its twins: what a plan knows of them, and references to them.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Cx, structs};
use crate::model::Field;

pub(super) fn outputs(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let (preview, references) = (cx.beside("Preview"), cx.beside("References"));
    let names = fields.iter().map(|field| &field.name);
    let idents = fields.iter().map(|field| &field.ident);
    let preview_struct = preview_struct(cx, fields);
    let references_struct = references_struct(cx, fields);
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Outputs for #ident {
            type Preview = #preview;
            type References = #references;

            fn references(node: #rt::declare::Node) -> #references {
                #references { #(#idents: #rt::declare::Output::new(node, #rt::Path::of(#names))),* }
            }
        }

        #preview_struct
        #references_struct
    }
}

fn preview_struct(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, vis, ident, .. } = cx;
    let preview = cx.beside("Preview");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let docs = fields.iter().map(|field| &field.docs);
    let parts = structs::parts(fields);
    let summary = format!("[`{ident}`], as far as a plan knows them.");
    quote! {
        #[doc = #summary]
        #vis struct #preview {
            #(#[doc = #docs] #vis #idents: #rt::attributes::Preview<#types>,)*
        }

        #[automatically_derived]
        impl #rt::attributes::Previewed for #preview {
            fn unknown() -> Self {
                Self { #(#idents: #rt::attributes::Preview::Unknown),* }
            }

            fn into_members(
                self,
            ) -> ::std::collections::BTreeMap<::std::string::String, #rt::attributes::Preview<#rt::Value>> {
                #rt::object::members([
                    #((#names, self.#idents.map(|value| <#types as #rt::attributes::Field>::to_value(&value)))),*
                ])
            }

            fn from_object(object: &#rt::Value) -> ::core::result::Result<Self, #rt::Diagnostics> {
                let path = #rt::Path::root();
                let mut reader = #rt::object::Reader::new(object, &path);
                #(let #parts = reader.preview::<#types>(#names);)*
                reader.finish(|| ::core::option::Option::Some(Self { #(#idents: #parts?),* }))
            }
        }
    }
}

fn references_struct(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, vis, ident, .. } = cx;
    let references = cx.beside("References");
    let idents = fields.iter().map(|field| &field.ident);
    // What an optional output refers to may be null. An input of the same type takes it, and null there means "not given".
    let inner = fields.iter().map(|field| &field.inner);
    let docs = fields.iter().map(|field| &field.docs);
    let summary = format!("References to [`{ident}`] of a declaration, to be used as inputs of others.");
    quote! {
        #[doc = #summary]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #references {
            #(#[doc = #docs] #vis #idents: #rt::declare::Output<#inner>,)*
        }
    }
}
