//! Enums that are objects of which exactly one attribute is given.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::{Cx, own, slots};
use crate::model::Variant;
use crate::names::identifier;

pub(super) fn alternatives(cx: &Cx<'_>, variants: &[Variant<Type>]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let docs = variants.iter().map(|variant| &variant.docs);
    let constants = slots::of_alternatives(cx, variants.iter().map(|variant| &variant.holds));
    let slots: Vec<_> = (0..variants.len()).map(slots::name).collect();
    let constructors = constructors(cx, variants);
    quote! {
        const _: () = {
            #constants

            #[automatically_derived]
            impl #rt::attributes::Field for #ident {
                fn shape() -> #rt::schema::Shape {
                    #rt::schema::Shape::Nested(
                        #rt::schema::Nesting::Single,
                        #rt::object::members([
                            #((#names, #slots.input(#rt::schema::Mode::Optional, #docs))),*
                        ]),
                    )
                }

                fn checks() -> ::std::vec::Vec<#rt::schema::Check> {
                    ::std::vec![#rt::schema::Check::ExactlyOne]
                }

                fn from_value(
                    value: &#rt::Value,
                    path: &#rt::Path,
                ) -> ::core::result::Result<Self, #rt::Diagnostics> {
                    let mut reader = #rt::object::Reader::new(value, path);
                    let alternatives = [#(reader.alternative(#names, #slots).map(Self::#idents)),*];
                    reader.finish_one_of(&[#(#names),*], alternatives)
                }

                fn to_value(&self) -> #rt::Value {
                    let (name, value) = match self {
                        #(Self::#idents(value) => (#names, #slots.encode(value)),)*
                    };
                    #rt::Value::Map(#rt::object::alternative(&[#(#names),*], name, value, &#rt::Value::Null))
                }
            }
        };

        #constructors
    }
}

/// A constructor for declarations under the name of each attribute.
fn constructors(cx: &Cx<'_>, variants: &[Variant<Type>]) -> TokenStream {
    let Cx { rt, ident, vis, .. } = cx;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let input = own("input");
    let constructors = variants.iter().map(|Variant { name, docs, holds, .. }| {
        let constructor = identifier(name);
        quote! {
            #[doc = #docs]
            #vis fn #constructor(
                #input: impl ::core::convert::Into<#rt::declare::Input<#holds>>,
            ) -> #rt::declare::Input<Self> {
                let #input = ::core::convert::Into::<#rt::declare::Input<#holds>>::into(#input);
                #rt::declare::Input::from_expr(#rt::declare::Expr::Map(#rt::object::alternative(
                    &[#(#names),*],
                    #name,
                    #rt::declare::Input::into_expr(#input),
                    &#rt::declare::Expr::Constant(#rt::Value::Null),
                )))
            }
        }
    });
    quote! {
        impl #ident {
            #(#constructors)*
        }
    }
}
