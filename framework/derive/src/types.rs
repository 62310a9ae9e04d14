//! What can be told of a field's type from how it is written.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The `T` of `Option<T>`, if the type is written so.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if arguments.args.len() == 1 => Some(inner),
        _ => None,
    }
}

/// What kind of values a type has, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    String,
    Path,
    Collection,
    Other,
}

/// The kind of the type.
pub(crate) fn kind(ty: &Type) -> Kind {
    let Some(segment) = last_segment(ty) else { return Kind::Other };
    match segment.ident.to_string().as_str() {
        "u8" | "u16" | "u32" | "u64" | "i32" | "i64" | "f64" => Kind::Number,
        "String" => Kind::String,
        "PathBuf" => Kind::Path,
        "Vec" | "BTreeSet" | "BTreeMap" => Kind::Collection,
        _ => Kind::Other,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn options_are_recognised_however_they_are_qualified() {
        let inner = |ty: Type| option(&ty).map(|inner| inner.to_token_stream().to_string());
        assert_eq!(inner(parse_quote!(Option<u8>)).as_deref(), Some("u8"));
        assert_eq!(inner(parse_quote!(::core::option::Option<u8>)).as_deref(), Some("u8"));
        assert_eq!(inner(parse_quote!(Vec<Option<u8>>)), None);
        assert_eq!(inner(parse_quote!((u8, u8))), None);
    }

    #[test]
    fn kinds_are_told_by_the_last_name() {
        assert_eq!(kind(&parse_quote!(std::path::PathBuf)), Kind::Path);
        assert_eq!(kind(&parse_quote!(BTreeMap<String, u8>)), Kind::Collection);
        assert_eq!(kind(&parse_quote!(Platform)), Kind::Other);
    }
}
