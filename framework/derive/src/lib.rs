//! The derive macro of `framework`: a Rust type is schema, documentation, conversion and builder at once.
//!
//! The work is done in four stages, each in a module of its own: `parse` knows the syntax of `#[attr(...)]` and of
//! documentation, `model` what they mean, `check` the rules that no single part can see to, and `emit` writes the
//! code. All stages report to one `Errors`, so that everything wrong with a type is reported at once.

mod check;
mod emit;
mod errors;
mod model;
mod names;
mod parse;
mod types;

use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct the attributes of an object, or an enum the type of an attribute.
///
/// Documentation comments become the documentation of the schema; a missing one is an error. An attribute has the name
/// of its field. It is optional if the field is an `Option`, has a default if the field says so, and is required
/// otherwise.
///
/// # Structs
/// A plain struct is a nested object. The derive writes `Attributes`, `Field` and a builder for declarations, which
/// `Name::builder` starts.
///
/// `#[attr(resource = "devopsflow_pipeline", builder = Pipeline, outputs = Outputs)]` makes it the inputs of a resource,
/// `data_source = "..."` those of a data source. The derive writes `Inputs`, `NamePartial` and the builder `Pipeline`,
/// whose `new` takes the required attributes. No input may have the name of an output.
///
/// `#[attr(outputs)]` makes it the outputs of a resource or data source. The derive writes `Outputs`, `NamePreview` and
/// `NameReferences`.
///
/// # Fields
/// | `#[attr(...)]` | the attribute |
/// |---|---|
/// | `default = expr` | is `expr` when it is not given; a string literal also stands for a `String` or `PathBuf` |
/// | `replace` | makes a new object when it changes |
/// | `sensitive` | is never shown |
/// | `write_only` | is sent to the provider but never stored |
/// | `deprecated = "..."` | should no longer be given; the text says what to use instead |
/// | `range = 1..=10` | lies within these bounds; either may be left out |
/// | `length = 1..=10` | is a text or collection with a length within these bounds |
/// | `one_of("a", "b")` | is one of these texts |
/// | `exclusive = "group"` | excludes the others of the group |
///
/// # Enums
/// An enum of unit variants is a text. The texts are the variants' names in kebab case, unless
/// `#[attr(name = "...")]` on a variant says otherwise. The derive writes `Field`, `SetElement`, `Display`, `FromStr`,
/// `ALL` and `as_str`.
///
/// An enum whose variants each hold one value is an object of which exactly one attribute is given. The names are the
/// variants' names in snake case, unless `#[attr(name = "...")]` says otherwise. The derive writes `Field` and, for
/// declarations, one constructor for each variant under the name of its attribute.
///
/// # Everywhere
/// `#[attr(crate = path)]` on the type says where `framework` is found if not at `::framework`.
#[proc_macro_derive(Attributes, attributes(attr))]
pub fn attributes(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(&parse_macro_input!(input as DeriveInput)).into()
}

/// The code for `input`. With errors: the errors, and the same items with the rules left out, so that whatever uses
/// them does not give errors of its own.
fn expand(input: &DeriveInput) -> TokenStream {
    let errors = errors::Errors::new();
    let model = model::build(&errors, input);
    check::check(&errors, &model);
    match errors.finish() {
        Ok(()) => emit::emit(&model),
        Err(error) => {
            let mut code = error.into_compile_error();
            code.extend(emit::emit(&model.without_rules()));
            code
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenTree;
    use syn::parse_quote;

    use super::*;

    fn names(code: TokenStream) -> Vec<String> {
        let parts = code.into_iter().flat_map(|tree| match tree {
            TokenTree::Group(group) => names(group.stream()),
            TokenTree::Ident(ident) => vec![ident.to_string()],
            TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
        });
        parts.collect()
    }

    /// Whoever has the crate under another name cannot say `framework`.
    #[test]
    fn the_crate_is_named_in_one_place() {
        let inputs: [DeriveInput; 5] = [
            parse_quote! {
                /// Inputs.
                #[attr(crate = renamed, resource = "a_b", builder = B, outputs = O)]
                struct Inputs {
                    /// A.
                    #[attr(sensitive, default = "x", length = 1..=2, one_of("x"), replace)]
                    a: String,
                    /// B.
                    #[attr(range = 1.., deprecated = "Use `a`.", exclusive = "g")]
                    b: Option<u8>,
                    /// C.
                    #[attr(exclusive = "g", write_only)]
                    c: Option<u8>,
                }
            },
            parse_quote! {
                /// Outputs.
                #[attr(crate = renamed, outputs)]
                struct Outputs {
                    /// A.
                    a: Option<String>,
                }
            },
            parse_quote! {
                /// A nested object.
                #[attr(crate = renamed)]
                struct Nested {
                    /// A.
                    a: Option<String>,
                    /// B.
                    b: u8,
                }
            },
            parse_quote! {
                #[attr(crate = renamed)]
                enum Texts {
                    /// A.
                    A,
                }
            },
            parse_quote! {
                #[attr(crate = renamed)]
                enum Alternatives {
                    /// A.
                    A(Nested),
                }
            },
        ];
        for input in inputs {
            let names = names(expand(&input));
            assert!(names.iter().any(|name| name == "renamed"), "{}", input.ident);
            let strays = names.iter().filter(|name| ["framework", "compile_error"].contains(&name.as_str()));
            assert_eq!(strays.count(), 0, "{}", input.ident);
        }
    }
}
