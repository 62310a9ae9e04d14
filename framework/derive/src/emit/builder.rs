//! The builder of a nested object, and what it shares with the builder of a declaration.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, Lit};

use super::{Cx, own};
use crate::model::Field;

pub(super) fn builder(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, vis, docs } = cx;
    let builder = cx.beside("Builder");
    let (parameters, members) = required(cx, fields);
    let absent = fields.iter().filter(|field| !field.is_required()).map(|field| &field.name);
    let setters = setters(cx, &quote!(self.members), fields.iter());
    let summary = format!("Starts a [`{ident}`] for a declaration, with what it must have.");
    quote! {
        impl #ident {
            #[doc = #summary]
            #[allow(clippy::too_many_arguments, reason = "there is one for each required attribute")]
            #vis fn builder(#(#parameters),*) -> #builder {
                #builder {
                    members: #rt::object::members([
                        #(#members,)*
                        #((#absent, #rt::declare::Expr::Constant(#rt::Value::Null)),)*
                    ]),
                }
            }
        }

        #[doc = #docs]
        #[must_use = "it is nothing until it is given as an input"]
        #vis struct #builder {
            /// All members: an object in a value is complete, with nulls for what is not given.
            members: ::std::collections::BTreeMap<::std::string::String, #rt::declare::Expr>,
        }

        impl #builder {
            #setters
        }

        #[automatically_derived]
        impl ::core::convert::From<#builder> for #rt::declare::Input<#ident> {
            fn from(builder: #builder) -> Self {
                Self::from_expr(#rt::declare::Expr::Map(builder.members))
            }
        }
    }
}

/// Parameters for the required inputs, in the order of the fields, and the members that they become.
pub(super) fn required(cx: &Cx<'_>, fields: &[Field]) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let rt = cx.rt;
    let required = fields.iter().filter(|field| field.is_required());
    let parts = required.map(|Field { ident, name, inner, .. }| {
        let parameter = quote!(#ident: impl ::core::convert::Into<#rt::declare::Input<#inner>>);
        let input = quote!(::core::convert::Into::<#rt::declare::Input<#inner>>::into(#ident));
        (parameter, quote!((#name, #rt::declare::Input::into_expr(#input))))
    });
    parts.unzip()
}

/// A setter for each input that is not required; it puts the input into `members`.
pub(super) fn setters<'a>(cx: &Cx<'_>, members: &TokenStream, fields: impl Iterator<Item = &'a Field>) -> TokenStream {
    let Cx { rt, vis, .. } = cx;
    let input = own("input");
    let setters = fields.filter(|field| !field.is_required()).map(|field| {
        let Field { ident, name, inner, docs, .. } = field;
        let default = default_note(field).map(|note| quote!(#[doc = ""] #[doc = #note]));
        let deprecated = field.rules.deprecated.as_ref().map(|given| {
            let note = &given.value;
            quote!(#[deprecated(note = #note)])
        });
        quote! {
            #[doc = #docs]
            #default
            #deprecated
            #vis fn #ident(mut self, #input: impl ::core::convert::Into<#rt::declare::Input<#inner>>) -> Self {
                let #input = ::core::convert::Into::<#rt::declare::Input<#inner>>::into(#input);
                #members.insert(::std::borrow::ToOwned::to_owned(#name), #rt::declare::Input::into_expr(#input));
                self
            }
        }
    });
    quote!(#(#setters)*)
}

/// A sentence on the default, if it reads well in one.
fn default_note(field: &Field) -> Option<String> {
    let value = match &field.rules.default.as_ref()?.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => format!("{:?}", text.value()),
        Expr::Lit(literal) => quote!(#literal).to_string(),
        Expr::Path(path) => {
            path.path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::")
        }
        _ => return None,
    };
    Some(format!("By default `{value}`."))
}
