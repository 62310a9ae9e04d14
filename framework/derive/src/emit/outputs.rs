//! `Outputs` of a struct, and its twins: what a plan knows of them, and references to them.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Cx, slots, structs};
use crate::model::Field;

/// The implementations, which need the slots.
pub(super) fn outputs(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let (preview, references) = (cx.beside("Preview"), cx.beside("References"));
    let names = fields.iter().map(|field| &field.name);
    let idents = fields.iter().map(|field| &field.ident);
    let previewed = previewed(cx, fields);
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Outputs for #ident {
            type Preview = #preview;
            type References = #references;

            fn references(node: #rt::declare::Node) -> #references {
                #references {
                    __node: node,
                    #(#idents: #rt::declare::Output::new(node, #rt::Path::of(#names)),)*
                }
            }
        }

        #previewed
    }
}

fn previewed(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let rt = cx.rt;
    let preview = cx.beside("Preview");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let (slots, parts) = (slots::whole(fields), structs::parts(fields));
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Previewed for #preview {
            fn unknown() -> Self {
                Self { #(#idents: #rt::attributes::Preview::Unknown),* }
            }

            fn into_members(
                self,
            ) -> ::std::collections::BTreeMap<::std::string::String, #rt::attributes::Preview<#rt::Value>> {
                #rt::object::members([#((#names, self.#idents.map(|value| #slots.encode(&value)))),*])
            }

            fn from_object(object: &#rt::Value) -> ::core::result::Result<Self, #rt::Diagnostics> {
                let path = #rt::Path::root();
                let mut reader = #rt::object::Reader::new(object, &path);
                #(let #parts = reader.preview(#names, #slots);)*
                reader.finish(|| ::core::option::Option::Some(Self { #(#idents: #parts?),* }))
            }
        }
    }
}

/// The twins.
pub(super) fn structs(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, vis, ident, .. } = cx;
    let (preview, references) = (cx.beside("Preview"), cx.beside("References"));
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let docs: Vec<_> = fields.iter().map(|field| &field.docs).collect();
    let types = fields.iter().map(|field| &field.ty);
    // What an optional output refers to may be null. An input of the same type takes it, and null there is "not given".
    let inner = fields.iter().map(|field| &field.inner);
    let about_preview = format!("[`{ident}`], as far as a plan knows them.");
    let about_references = format!("References to [`{ident}`] of a declaration, to be used as inputs of others.");
    quote! {
        #[doc = #about_preview]
        #vis struct #preview {
            #(#[doc = #docs] #vis #idents: #rt::attributes::Preview<#types>,)*
        }

        #[doc = #about_references]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #references {
            __node: #rt::declare::Node,
            #(#[doc = #docs] #vis #idents: #rt::declare::Output<#inner>,)*
        }

        #[automatically_derived]
        impl #rt::declare::References for #references {
            fn node(&self) -> #rt::declare::Node {
                self.__node
            }
        }
    }
}
