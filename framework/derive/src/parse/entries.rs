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
    left: Vec<Given<Form>>,
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
        Self { errors, left: entries, asked: Vec::new() }
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
        let bare = self.left.iter().any(|entry| entry.key == key && matches!(entry.value, Form::Flag));
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
        for entry in &self.left {
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
        let position = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(position))
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

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    /// What a field with `attributes` says: the keys in the order in which they are asked for, and all errors.
    #[track_caller]
    fn check(attributes: &[Attribute], expected: &[&str], expected_errors: &[&str]) {
        let errors = Errors::new();
        let mut entries = Entries::parse(&errors, attributes);
        let found = [
            entries.flag("flag"),
            entries.expr("value", "1").map(|given| given.key),
            entries.text("text", "\"a\"").map(|given| given.key),
            entries.path("path", "Name").map(|given| given.key),
            entries.range("range", "1..=2").map(|given| given.key),
            entries.texts("texts").map(|given| given.key),
        ];
        entries.finish("a test");
        let found: Vec<_> = found.into_iter().flatten().map(|key| key.to_string()).collect();
        let messages = errors.finish().err().into_iter().flatten().map(|error| error.to_string());
        assert_eq!((found, messages.collect::<Vec<_>>()), (owned(expected), owned(expected_errors)));
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn every_form_is_read() {
        let one = parse_quote!(#[attr(flag, value = a(1, 2), text = "a", path = a::B, range = ..=2, texts("a", "b",))]);
        let two = parse_quote!(#[other(text)]);
        check(&[two, one], &["flag", "value", "text", "path", "range", "texts"], &[]);
    }

    #[test]
    fn entries_may_stand_in_several_attributes_but_once() {
        let attributes = [parse_quote!(#[attr(flag)]), parse_quote!(#[attr(value = 1,)]), parse_quote!(#[attr(flag)])];
        check(&attributes, &["flag", "value"], &["`flag` is given twice"]);
    }

    #[test]
    fn reading_goes_on_after_a_mistake() {
        let attribute = parse_quote!(#[attr(value = = 1, "x", text = "a" "b", texts("a" "b"), flag)]);
        let errors = ["expected an expression", "expected a key", "expected `,`", "expected `,`"];
        check(&[attribute], &["flag"], &errors);
    }

    #[test]
    fn wrong_forms_say_the_right_one() {
        let attribute = parse_quote!(#[attr(flag = 1, value, text = 1, path = 1, range = 1..2, texts = "a")]);
        let errors = [
            "`flag` takes no value",
            "write `value = 1`",
            "write `text = \"a\"`",
            "write `path = Name`",
            "both bounds are included: write `..=` instead of `..`",
            "write `texts(\"a\", \"b\")`",
        ];
        check(&[attribute], &["flag"], &errors);
    }

    #[test]
    fn unknown_keys_are_explained() {
        let keys = "`flag`, `value`, `text`, `path`, `range`, `texts`";
        let errors = [
            "unknown key `rnage`: did you mean `range`?".to_owned(),
            format!("unknown key `colour`: a test takes {keys}"),
        ];
        check(&[parse_quote!(#[attr(rnage = 1..=2, colour)])], &[], &errors.each_ref().map(String::as_str));
    }
}
