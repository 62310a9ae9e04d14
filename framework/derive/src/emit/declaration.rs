//! The builder that declares a resource or data source.

use proc_macro2::TokenStream;
use quote::quote;

use super::builder::{required, setters};
use super::{Cx, own};
use crate::model::{Declared, Field, Kind};
use crate::names;

pub(super) fn declaration(cx: &Cx<'_>, declared: &Declared, fields: &[Field]) -> TokenStream {
    let Cx { rt, vis, docs, .. } = cx;
    let Declared { kind, type_name, builder, outputs } = declared;
    let about = match kind {
        Kind::Resource => format!("Declares a `{}` resource.", type_name.value()),
        Kind::DataSource => format!("Declares a `{}` data source.", type_name.value()),
    };
    let new = new(cx, declared, fields);
    let optional = fields.iter().filter(|field| !names::METHODS.contains(&field.name.as_str()));
    let setters = setters(cx, &quote!(self.declaration.inputs), optional);
    quote! {
        #[doc = #about]
        #[doc = ""]
        #[doc = #docs]
        #[must_use = "nothing is declared before `add`"]
        #vis struct #builder {
            declaration: #rt::declare::Declaration,
        }

        #[automatically_derived]
        impl #rt::declare::Declares for #builder {
            type Outputs = #outputs;

            fn into_declaration(self) -> #rt::declare::Declaration {
                self.declaration
            }
        }

        impl #builder {
            #new
            #setters

            /// Says how it is managed: what it depends on, whether it is protected, and the like.
            #vis fn with(mut self, options: #rt::declare::Options) -> Self {
                self.declaration.options = options;
                self
            }

            /// Adds the declaration to `scope` and gives references to its outputs.
            ///
            /// # Errors
            /// What is wrong with the declaration itself, such as a name that is taken.
            #vis fn add(
                self,
                scope: &mut (impl #rt::declare::Declare + ?::core::marker::Sized),
            ) -> ::core::result::Result<<#outputs as #rt::attributes::Outputs>::References, #rt::Diagnostics> {
                let node = #rt::declare::Declare::declare(scope, self.declaration)?;
                ::core::result::Result::Ok(<#outputs as #rt::attributes::Outputs>::references(node))
            }
        }

    }
}

/// `new` with the required inputs. Its first argument cannot clash with an input of the same name.
fn new(cx: &Cx<'_>, declared: &Declared, fields: &[Field]) -> TokenStream {
    let Cx { rt, ident, vis, .. } = cx;
    let kind = match declared.kind {
        Kind::Resource => quote!(#rt::declare::Kind::Resource),
        Kind::DataSource => quote!(#rt::declare::Kind::DataSource),
    };
    let name = own("name");
    let (parameters, members) = required(cx, fields);
    let docs =
        fields.iter().filter(|field| field.is_required()).map(|field| format!("- `{}`: {}", field.name, field.docs));
    quote! {
        /// Starts a declaration.
        ///
        /// - the name of the declaration, unique among those of its type
        #(#[doc = #docs])*
        #[track_caller]
        #[allow(clippy::too_many_arguments, reason = "there is one for each required attribute")]
        #vis fn new(
            #name: impl ::core::convert::Into<::std::string::String>,
            #(#parameters),*
        ) -> Self {
            Self {
                declaration: #rt::declare::Declaration {
                    kind: #kind,
                    type_name: <#ident as #rt::attributes::Inputs>::TYPE_NAME,
                    name: ::core::convert::Into::into(#name),
                    inputs: #rt::object::members([#(#members),*]),
                    options: #rt::declare::Options::new(),
                    location: ::core::panic::Location::caller(),
                },
            }
        }
    }
}
