//! Enums that are texts.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use super::Cx;
use crate::model::Variant;

pub(super) fn texts(cx: &Cx<'_>, variants: &[Variant<()>]) -> TokenStream {
    let field = field(cx, variants);
    let inherent = inherent(cx, variants);
    let conversions = conversions(cx, variants);
    quote! { #field #inherent #conversions }
}

/// A text that is allowed.
pub(super) fn choice(rt: &Path, value: &str, description: &str) -> TokenStream {
    quote! {
        #rt::schema::Choice {
            value: ::std::borrow::ToOwned::to_owned(#value),
            description: ::std::borrow::ToOwned::to_owned(#description),
        }
    }
}

fn field(cx: &Cx<'_>, variants: &[Variant<()>]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let choices = variants.iter().map(|variant| choice(rt, &variant.name, &variant.docs));
    quote! {
        #[automatically_derived]
        impl #rt::attributes::Field for #ident {
            fn shape() -> #rt::schema::Shape {
                #rt::schema::Shape::Plain(#rt::Type::String)
            }

            fn checks() -> ::std::vec::Vec<#rt::schema::Check> {
                ::std::vec![#rt::schema::Check::OneOf(::std::vec![#(#choices),*])]
            }

            fn from_value(
                value: &#rt::Value,
                path: &#rt::Path,
            ) -> ::core::result::Result<Self, #rt::Diagnostics> {
                let text = <::std::string::String as #rt::attributes::Field>::from_value(value, path)?;
                <Self as ::core::str::FromStr>::from_str(&text)
                    .map_err(|unknown| #rt::object::unexpected_choice(&unknown, path))
            }

            fn to_value(&self) -> #rt::Value {
                #rt::Value::string(self.as_str())
            }
        }

        #[automatically_derived]
        impl #rt::attributes::SetElement for #ident {}
    }
}

fn inherent(cx: &Cx<'_>, variants: &[Variant<()>]) -> TokenStream {
    let Cx { ident, vis, .. } = cx;
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let names = variants.iter().map(|variant| &variant.name);
    quote! {
        impl #ident {
            /// All of them, in the order in which they are declared.
            #vis const ALL: &'static [Self] = &[#(Self::#idents),*];

            /// The text by which users name it.
            #vis const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#idents => #names,)*
                }
            }
        }
    }
}

fn conversions(cx: &Cx<'_>, variants: &[Variant<()>]) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let idents = variants.iter().map(|variant| &variant.ident);
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    quote! {
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = #rt::choice::UnknownChoice;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                match text {
                    #(#names => ::core::result::Result::Ok(Self::#idents),)*
                    _ => ::core::result::Result::Err(#rt::choice::UnknownChoice::new(text, [#(#names),*])),
                }
            }
        }
    }
}
