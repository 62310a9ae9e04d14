//! What a struct or enum means.

mod enums;
mod structs;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Data, DeriveInput, Expr, ExprRange, Ident, LitStr, Path, Type, Visibility, parse_quote};

pub(crate) use self::enums::{Enum, Variant};
pub(crate) use self::structs::{Declared, Kind, Role, Struct};
use crate::errors::Errors;
use crate::parse::{Entries, Given};

/// A struct or enum, with all that its attributes and documentation say.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// Where `framework` is found.
    pub(crate) runtime: Path,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// The documentation as Markdown.
    pub(crate) docs: String,
    pub(crate) item: Item,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Struct(Struct),
    Enum(Enum),
    /// Something of which no model can be made. An error says why.
    Unusable {
        generic: bool,
    },
}

/// A field of a struct.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The name as written.
    pub(crate) ident: Ident,
    /// The name of the attribute.
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The type as written.
    pub(crate) ty: Type,
    /// Whether the type is an `Option`.
    pub(crate) is_option: bool,
    /// The type, or what its `Option` holds.
    pub(crate) inner: Type,
    pub(crate) rules: Rules,
}

/// What `#[attr(...)]` on a field says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) default: Option<Given<Expr>>,
    pub(crate) replace: Option<Ident>,
    pub(crate) sensitive: Option<Ident>,
    pub(crate) write_only: Option<Ident>,
    pub(crate) deprecated: Option<Given<LitStr>>,
    pub(crate) range: Option<Given<ExprRange>>,
    pub(crate) length: Option<Given<ExprRange>>,
    pub(crate) one_of: Option<Given<Vec<LitStr>>>,
    pub(crate) exclusive: Option<Given<LitStr>>,
}

impl Field {
    /// Whether a user must give it.
    pub(crate) fn is_required(&self) -> bool {
        !self.is_option && self.rules.default.is_none()
    }

    /// Whether there is a default decides who takes the input, `new` or a setter, so it stays; its value may be wrong.
    fn drop_rules(&mut self) {
        let default = self.rules.default.take().filter(|_| !self.is_option);
        let stand_in: TokenStream = parse_quote!(::core::option::Option::None.unwrap());
        self.rules = Rules {
            default: default.map(|given| Given { value: Expr::Verbatim(stand_in), ..given }),
            ..Rules::default()
        };
    }
}

/// The model of `input`.
pub(crate) fn build(errors: &Errors, input: &DeriveInput) -> Model {
    let mut entries = Entries::parse(errors, &input.attrs);
    let runtime = entries.path("crate", "path::to::framework").map(|given| given.value);
    let generic = !input.generics.params.is_empty();
    let item = match &input.data {
        _ if generic => refuse(errors, &input.generics, "a generic type has no one schema"),
        Data::Struct(data) => structs::build(errors, &mut entries, &input.ident, data).map(Item::Struct),
        Data::Enum(data) => enums::build(errors, &input.ident, data).map(Item::Enum),
        Data::Union(data) => refuse(errors, data.union_token, "a union has no attributes: use a struct or an enum"),
    };
    let place = if matches!(input.data, Data::Struct(_)) { "a struct" } else { "an enum" };
    if item.is_some() {
        entries.finish(place);
    }
    Model {
        runtime: runtime.unwrap_or_else(|| parse_quote!(::framework)),
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        docs: crate::parse::docs(errors, &input.attrs),
        item: item.unwrap_or(Item::Unusable { generic }),
    }
}

fn refuse<T>(errors: &Errors, tokens: impl ToTokens, message: &str) -> Option<T> {
    errors.at(tokens, message);
    None
}

impl Model {
    /// The same items, without what a mistake could sit in. For use after errors: nothing that it leads to is reported a
    /// second time.
    pub(crate) fn without_rules(mut self) -> Self {
        match &mut self.item {
            Item::Struct(item) => item.fields.iter_mut().for_each(Field::drop_rules),
            Item::Enum(Enum::Alternatives(variants)) => variants.iter_mut().for_each(Variant::drop_unusable_name),
            Item::Enum(Enum::Texts(_)) | Item::Unusable { .. } => {}
        }
        self
    }
}
