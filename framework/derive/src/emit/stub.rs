//! Stand-ins for code that cannot be written.

use proc_macro2::TokenStream;
use quote::quote;

use super::Cx;

/// Implementations for an input of which there is no model, so that only the mistake in it is reported and not every use
/// of it.
pub(super) fn stub(cx: &Cx<'_>) -> TokenStream {
    let Cx { rt, ident, .. } = cx;
    let cannot_run = quote! { ::core::unreachable!("the derive reported an error") };
    quote! {
        impl #rt::attributes::Attributes for #ident {
            const DESCRIPTION: &'static str = "";
            const NAMES: &'static [&'static str] = &[];

            fn attributes() -> #rt::schema::Attributes {
                #cannot_run
            }

            fn from_object(_: &#rt::Value, _: &#rt::Path) -> ::core::result::Result<Self, #rt::Diagnostics> {
                #cannot_run
            }

            fn to_members(&self) -> ::std::collections::BTreeMap<::std::string::String, #rt::Value> {
                #cannot_run
            }
        }

        impl #rt::attributes::Field for #ident {
            fn shape() -> #rt::schema::Shape {
                #cannot_run
            }

            fn from_value(_: &#rt::Value, _: &#rt::Path) -> ::core::result::Result<Self, #rt::Diagnostics> {
                #cannot_run
            }

            fn to_value(&self) -> #rt::Value {
                #cannot_run
            }
        }
    }
}
