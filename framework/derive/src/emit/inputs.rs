//! `Inputs` of a struct, and its twin of which every field may be absent.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::Cx;
use crate::model::{Declared, Field};

pub(super) fn inputs(cx: &Cx<'_>, declared: &Declared, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let Declared { type_name, outputs, .. } = declared;
    let name = cx.beside("Partial");
    let partial = partial(cx, fields);
    let collisions = fields.iter().map(|field| {
        let name = &field.name;
        let message = format!("`{name}` is an input and an output, but a state has one value under each name");
        quote_spanned! {field.ident.span()=>
            const _: () = ::core::assert!(
                !#rt::object::contains(<#outputs as #rt::attributes::Attributes>::NAMES, #name),
                #message
            );
        }
    });
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Inputs for #ident {
            const TYPE_NAME: &'static str = #type_name;
            type Partial = #name;
            type Outputs = #outputs;
        }

        #partial
        #(#collisions)*
    }
}

fn partial(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, vis, ident, .. } = cx;
    let partial = cx.beside("Partial");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let inner: Vec<_> = fields.iter().map(|field| &field.inner).collect();
    let docs = fields.iter().map(|field| &field.docs);
    let summary = format!("[`{ident}`], of which any may be absent.");
    quote! {
        #[doc = #summary]
        #[derive(::core::clone::Clone, ::core::default::Default)]
        #vis struct #partial {
            #(#[doc = #docs] #vis #idents: ::core::option::Option<#inner>,)*
        }

        #[automatically_derived]
        impl #rt::attributes::Partial for #partial {
            fn from_object(object: &#rt::Value) -> ::core::result::Result<Self, #rt::Diagnostics> {
                let path = #rt::Path::root();
                let mut reader = #rt::object::Reader::new(object, &path);
                let partial = Self { #(#idents: reader.given::<#inner>(#names)),* };
                reader.finish(|| ::core::option::Option::Some(partial))
            }

            fn to_members(&self) -> ::std::collections::BTreeMap<::std::string::String, #rt::Value> {
                #rt::object::present([
                    #((#names, self.#idents.as_ref().map(<#inner as #rt::attributes::Field>::to_value))),*
                ])
            }
        }
    }
}
