//! The entries of `#[attr(...)]`: flags, `key = value` and `key(values)`.

use proc_macro2::{Group, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, ExprPath, ExprRange, Ident, Lit, LitStr, Meta, Path, Token, token};

use crate::errors::Errors;
use crate::names;

/// A value with the key under which it was given.
#[derive(Debug, Clone)]
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

#[derive(Debug)]
enum Form {
    Flag,
    Value(Expr),
    List(Vec<Expr>),
}

/// The entries of all `#[attr(...)]` of one struct, field, enum or variant. Each is taken once, by its key; what is left
/// in the end is unknown.
pub(crate) struct Entries<'a> {
    errors: &'a Errors,
    entries: Vec<Given<Form>>,
    asked: Vec<&'static str>,
}

impl<'a> Entries<'a> {
    /// Reads the entries. A key that stands twice is an error.
    pub(crate) fn parse(errors: &'a Errors, attributes: &[Attribute]) -> Self {
        let mut entries: Vec<Given<Form>> = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("attr")) {
            let Meta::List(list) = &attribute.meta else {
                errors.at(&attribute.meta, "write `#[attr(...)]`");
                continue;
            };
            let parsed = (|input: ParseStream<'_>| Ok(parse_entries(errors, input))).parse2(list.tokens.clone());
            for entry in parsed.map_err(|error| errors.push(error)).unwrap_or_default() {
                if entries.iter().any(|earlier| earlier.key == entry.key) {
                    errors.at(&entry.key, format!("`{}` is given twice", entry.key));
                } else {
                    entries.push(entry);
                }
            }
        }
        Self { errors, entries, asked: Vec::new() }
    }

    /// Whether the flag is there.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<Ident> {
        let entry = self.take(key)?;
        if !matches!(entry.value, Form::Flag) {
            self.errors.at(&entry.key, format!("`{key}` takes no value"));
        }
        Some(entry.key)
    }

    /// Whether `key` stands there without a value. Leaves an entry with a value for somebody else to take.
    pub(crate) fn bare(&mut self, key: &'static str) -> Option<Ident> {
        let bare = self.entries.iter().any(|entry| entry.key == key && matches!(entry.value, Form::Flag));
        if bare { self.flag(key) } else { None }
    }

    /// The expression of `key = expression`; `example` shows how it is written.
    pub(crate) fn expr(&mut self, key: &'static str, example: &str) -> Option<Given<Expr>> {
        let Given { key: span, value } = self.take(key)?;
        match value {
            Form::Value(value) => Some(Given { key: span, value }),
            Form::Flag | Form::List(_) => {
                self.errors.at(&span, format!("write `{key} = {example}`"));
                None
            }
        }
    }

    /// The text of `key = "text"`, which is not empty.
    pub(crate) fn text(&mut self, key: &'static str, example: &str) -> Option<Given<LitStr>> {
        let given = self.expr(key, example)?;
        match text(&given.value).filter(|text| !text.value().trim().is_empty()) {
            Some(value) => Some(Given { key: given.key, value }),
            None => self.wrong(&given.value, key, example),
        }
    }

    /// The path of `key = path`.
    pub(crate) fn path(&mut self, key: &'static str, example: &str) -> Option<Given<Path>> {
        let given = self.expr(key, example)?;
        match given.value {
            Expr::Path(ExprPath { qself: None, path, .. }) => Some(Given { key: given.key, value: path }),
            other => self.wrong(other, key, example),
        }
    }

    /// The range of `key = from..=to`, with both bounds included or left out.
    pub(crate) fn range(&mut self, key: &'static str, example: &str) -> Option<Given<ExprRange>> {
        let given = self.expr(key, example)?;
        match given.value {
            Expr::Range(range) if range.start.is_none() && range.end.is_none() => {
                self.errors.at(range, "without a bound everything is allowed: leave it out");
                None
            }
            Expr::Range(range) if range.end.is_some() && matches!(range.limits, syn::RangeLimits::HalfOpen(_)) => {
                self.errors.at(range, "both bounds are included: write `..=` instead of `..`");
                None
            }
            Expr::Range(value) => Some(Given { key: given.key, value }),
            other => self.wrong(other, key, example),
        }
    }

    /// The texts of `key("a", "b")`.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Given<Vec<LitStr>>> {
        let Given { key: span, value } = self.take(key)?;
        let Form::List(values) = value else {
            self.errors.at(&span, format!("write `{key}(\"a\", \"b\")`"));
            return None;
        };
        let texts = values.iter().filter_map(|value| {
            let text = text(value);
            if text.is_none() {
                self.errors.at(value, format!("`{key}` takes string literals"));
            }
            text
        });
        Some(Given { key: span, value: texts.collect() })
    }

    /// Reports what nobody asked for. `place` says where the entries stand, such as `a field`.
    pub(crate) fn finish(self, place: &str) {
        for entry in &self.entries {
            let key = entry.key.unraw().to_string();
            let hint = match names::closest(&key, &self.asked) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("{place} takes `{}`", self.asked.join("`, `")),
            };
            self.errors.at(&entry.key, format!("unknown key `{key}`: {hint}"));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Given<Form>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let position = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(position))
    }

    fn wrong<T>(&self, value: impl ToTokens, key: &str, example: &str) -> Option<T> {
        self.errors.at(value, format!("write `{key} = {example}`"));
        None
    }
}

fn text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

/// Reads entries up to the end. After a mistake it goes on behind the next comma.
fn parse_entries(errors: &Errors, input: ParseStream<'_>) -> Vec<Given<Form>> {
    let mut entries = Vec::new();
    while !input.is_empty() {
        match parse_entry(input) {
            Ok(entry) => entries.push(entry),
            Err(error) => errors.push(error),
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>().expect("there is a token");
        }
        input.parse::<Option<Token![,]>>().expect("an option can be absent");
    }
    entries
}

fn parse_entry(input: ParseStream<'_>) -> syn::Result<Given<Form>> {
    let key = input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), "expected a key"))?;
    let value = if input.parse::<Option<Token![=]>>()?.is_some() {
        Form::Value(input.parse()?)
    } else if input.peek(token::Paren) {
        let values = input.parse::<Group>()?.stream();
        Form::List(Punctuated::<Expr, Token![,]>::parse_terminated.parse2(values)?.into_iter().collect())
    } else {
        Form::Flag
    };
    if input.is_empty() || input.peek(Token![,]) { Ok(Given { key, value }) } else { Err(input.error("expected `,`")) }
}
