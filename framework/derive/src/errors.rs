//! Collects what is wrong with the input.

use std::cell::RefCell;
use std::fmt::Display;

use quote::ToTokens;

/// The errors so far. Whoever made it must ask for them with [`Errors::finish`]: it panics when dropped before.
pub(crate) struct Errors {
    /// `None` once they were asked for.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Errors {
    /// No errors.
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Adds an error about `tokens`.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error.
    pub(crate) fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().as_mut().expect("errors are added before they are asked for").push(error);
    }

    /// All errors as one.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let errors = self.errors.take().expect("errors are asked for once").into_iter();
        let all = errors.reduce(|mut all, error| {
            all.combine(error);
            all
        });
        all.map_or(Ok(()), Err)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let asked_for = self.errors.get_mut().is_none();
        assert!(asked_for || std::thread::panicking(), "errors were collected but never asked for");
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Ident, Span};

    use super::*;

    #[test]
    fn all_errors_are_given() {
        let errors = Errors::new();
        errors.at(Ident::new("a", Span::call_site()), "first");
        errors.at(Ident::new("b", Span::call_site()), "second");
        let error = errors.finish().expect_err("two errors");
        assert_eq!(error.into_iter().map(|error| error.to_string()).collect::<Vec<_>>(), ["first", "second"]);
    }

    #[test]
    #[should_panic(expected = "never asked for")]
    fn errors_cannot_be_forgotten() {
        drop(Errors::new());
    }
}
