//! Constants that hold what is known of the types of fields. Whatever needs to know of a type uses these, so that a type
//! that is no `Field` is one error, at its field.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::Cx;
use crate::model::Field;

/// The constants for `fields`. An `Option` that is not seen as one, under another name or inside another, is refused:
/// whether an attribute is optional is read off how its type is written.
pub(super) fn of_fields(cx: &Cx<'_>, fields: &[Field]) -> TokenStream {
    let message = "whether an attribute is optional is read off its type: write `Option<T>` out, and only once";
    let constants = fields.iter().enumerate().map(|(position, field)| {
        let (slot, make) = if field.is_option { ("OptionSlot", "option_slot") } else { ("Slot", "slot") };
        constant(cx, position, (slot, make), &field.inner, message)
    });
    quote!(#(#constants)*)
}

/// The constants for the types of alternatives.
pub(super) fn of_alternatives<'a>(cx: &Cx<'_>, types: impl Iterator<Item = &'a Type>) -> TokenStream {
    let message = "the alternative is not given when another is: write the type without `Option`";
    let constants = types.enumerate().map(|(position, ty)| constant(cx, position, ("Slot", "slot"), ty, message));
    quote!(#(#constants)*)
}

/// The slots of the types as written.
pub(super) fn whole(fields: &[Field]) -> Vec<TokenStream> {
    slots(fields, "whole")
}

/// The slots of the types, or of what their `Option`s hold.
pub(super) fn inner(fields: &[Field]) -> Vec<TokenStream> {
    slots(fields, "inner")
}

fn slots(fields: &[Field], part: &str) -> Vec<TokenStream> {
    let part = Ident::new(part, Span::call_site());
    let slots = fields.iter().enumerate().map(|(position, field)| {
        let name = name(position);
        if field.is_option { quote!(#name.#part) } else { name.into_token_stream() }
    });
    slots.collect()
}

/// The name of the constant for the field or variant at a position.
pub(super) fn name(position: usize) -> Ident {
    format_ident!("SLOT_{position}")
}

/// A constant made by the function `make`; `message` refuses a type that is an `Option`.
fn constant(cx: &Cx<'_>, position: usize, (slot, make): (&str, &str), ty: &Type, message: &str) -> TokenStream {
    let (rt, name) = (cx.rt, name(position));
    let (slot, make) = (Ident::new(slot, Span::call_site()), Ident::new(make, Span::call_site()));
    quote_spanned! {ty.span()=>
        const #name: #rt::object::#slot<#ty> = {
            ::core::assert!(<#ty as #rt::attributes::Field>::REQUIRED, #message);
            #rt::object::#make::<#ty>()
        };
    }
}
