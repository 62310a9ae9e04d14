//! `Inputs` of a struct, and its twin of which every field may be absent.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{Cx, slots};
use crate::model::{Declared, Field};

/// The implementations, which need the slots.
pub(super) fn inputs(cx: &Cx<'_>, declared: &Declared, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let Declared { type_name, outputs, .. } = declared;
    let name = cx.beside("Partial");
    let partial = partial(cx, fields);
    let collisions = collisions(cx, declared, fields);
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Inputs for #ident {
            const TYPE_NAME: &'static str = #type_name;
            type Partial = #name;
            type Outputs = #outputs;
        }

        #partial
        #collisions
    }
}

/// The struct of which every field may be absent.
pub(super) fn partial_struct(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { vis, ident, .. } = cx;
    let partial = cx.beside("Partial");
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let docs = fields.iter().map(|field| &field.docs);
    let types = fields.iter().map(|field| &field.inner);
    let clones = fields.iter().map(|Field { ident, inner, .. }| {
        let clone = quote_spanned!(inner.span()=> <#inner as ::core::clone::Clone>::clone);
        quote! {
            match &self.#ident {
                ::core::option::Option::Some(value) => ::core::option::Option::Some(#clone(value)),
                ::core::option::Option::None => ::core::option::Option::None,
            }
        }
    });
    let summary = format!("[`{ident}`], of which any may be absent.");
    quote! {
        #[doc = #summary]
        #vis struct #partial {
            #(#[doc = #docs] #vis #idents: ::core::option::Option<#types>,)*
        }

        #[automatically_derived]
        impl ::core::clone::Clone for #partial {
            fn clone(&self) -> Self {
                Self { #(#idents: #clones),* }
            }
        }

        #[automatically_derived]
        impl ::core::default::Default for #partial {
            fn default() -> Self {
                Self { #(#idents: ::core::option::Option::None),* }
            }
        }
    }
}

fn partial(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let rt = cx.rt;
    let partial = cx.beside("Partial");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let slots = slots::inner(fields);
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Partial for #partial {
            fn from_object(object: &#rt::Value) -> ::core::result::Result<Self, #rt::Diagnostics> {
                let path = #rt::Path::root();
                let mut reader = #rt::object::Reader::new(object, &path);
                let partial = Self { #(#idents: reader.given(#names, #slots)),* };
                reader.finish(|| ::core::option::Option::Some(partial))
            }

            fn to_members(&self) -> ::std::collections::BTreeMap<::std::string::String, #rt::Value> {
                #rt::object::present([#((#names, self.#idents.as_ref().map(|value| #slots.encode(value)))),*])
            }
        }
    }
}

/// Refuses inputs that have the name of an output.
fn collisions(cx: &Cx<'_>, declared: &Declared, fields: &[Field]) -> TokenStream {
    let (rt, outputs) = (cx.rt, &declared.outputs);
    let assertions = fields.iter().map(|Field { ident, name, .. }| {
        let message = format!("`{name}` is an input and an output, but a state has one value under each name");
        quote_spanned! {ident.span()=>
            const _: () = ::core::assert!(
                !#rt::object::contains(<#outputs as #rt::attributes::Attributes>::NAMES, #name),
                #message
            );
        }
    });
    quote!(#(#assertions)*)
}
