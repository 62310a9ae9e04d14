//! The attribute that a field becomes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, ExprRange, Lit, Path};

use crate::model::Field;
use crate::types::{Kind, kind};

/// The attribute of an input.
pub(super) fn input(rt: &Path, field: &Field, slot: &TokenStream, inner: &TokenStream) -> TokenStream {
    let Field { docs, rules, .. } = field;
    let mode = mode(rt, field);
    let mut extras = notes(field);
    if let Some(default) = default(field) {
        extras.extend(quote! {
            attribute.rules.default = ::core::option::Option::Some(#slot.encode(&#default));
        });
    }
    if rules.write_only.is_some() {
        extras.extend(quote! { attribute.write_only = true; });
    }
    if rules.replace.is_some() {
        extras.extend(quote! { attribute.rules.replace = true; });
    }
    if let Some(group) = &rules.exclusive {
        let group = &group.value;
        extras.extend(quote! {
            attribute.rules.exclusive = ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#group));
        });
    }
    extras.extend(checks(rt, field, inner));
    with_extras(quote!(#slot.input(#mode, #docs)), &extras)
}

/// The attribute of an output.
pub(super) fn output(field: &Field, slot: &TokenStream) -> TokenStream {
    let docs = &field.docs;
    with_extras(quote!(#slot.output(#docs)), &notes(field))
}

fn with_extras(attribute: TokenStream, extras: &TokenStream) -> TokenStream {
    if extras.is_empty() {
        return attribute;
    }
    quote!({
        let mut attribute = #attribute;
        #extras
        attribute
    })
}

/// What inputs and outputs can both say.
fn notes(field: &Field) -> TokenStream {
    let mut notes = TokenStream::new();
    if field.rules.sensitive.is_some() {
        notes.extend(quote! { attribute.sensitive = true; });
    }
    if let Some(instead) = &field.rules.deprecated {
        let instead = &instead.value;
        notes.extend(quote! {
            attribute.deprecated = ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#instead));
        });
    }
    notes
}

fn mode(rt: &Path, field: &Field) -> TokenStream {
    if field.rules.default.is_some() {
        quote!(#rt::schema::Mode::OptionalComputed)
    } else if field.is_option {
        quote!(#rt::schema::Mode::Optional)
    } else {
        quote!(#rt::schema::Mode::Required)
    }
}

/// The value that the field has by default, of the field's type. A literal stands for types that own their text, too.
pub(super) fn default(field: &Field) -> Option<TokenStream> {
    let value = &field.rules.default.as_ref()?.value;
    let ty = &field.ty;
    Some(match value {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) if matches!(kind(ty), Kind::String | Kind::Path) => {
            quote!(<#ty as ::core::convert::From<&str>>::from(#value))
        }
        _ => quote!({ let value: #ty = #value; value }),
    })
}

fn checks(rt: &Path, field: &Field, inner: &TokenStream) -> TokenStream {
    let rules = &field.rules;
    let mut checks = TokenStream::new();
    if let Some(range) = &rules.range {
        let (from, to) = bounds(&range.value);
        checks.extend(quote! { #inner.limit_range(&mut attribute.rules.checks, #from, #to); });
    }
    if let Some(length) = &rules.length {
        let (_, to) = bounds(&length.value);
        let from = length.value.start.as_ref().map_or_else(|| quote!(0), |from| quote!(#from));
        checks.extend(quote! { attribute.rules.checks.push(#rt::schema::Check::Length(#from, #to)); });
    }
    if let Some(choices) = &rules.one_of {
        let choices = choices.value.iter().map(|choice| super::texts::choice(rt, &choice.value(), ""));
        checks.extend(quote! {
            attribute.rules.checks.push(#rt::schema::Check::OneOf(::std::vec![#(#choices),*]));
        });
    }
    checks
}

fn bounds(range: &ExprRange) -> (TokenStream, TokenStream) {
    let bound = |bound: &Option<Box<Expr>>| {
        let some = bound.as_ref().map(|bound| quote!(::core::option::Option::Some(#bound)));
        some.unwrap_or_else(|| quote!(::core::option::Option::None))
    };
    (bound(&range.start), bound(&range.end))
}
