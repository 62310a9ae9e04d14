//! A schema with one of everything, and a short way to write values of it, for tests.

use serde_json::Value as Json;

use crate::host::empty;
use crate::json::from_json;
use crate::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Shape};
use crate::{Schema, Type, Value};

fn plain(ty: Type, mode: Mode) -> Attribute {
    Attribute::new(Shape::Plain(ty), mode, "")
}

fn attributes<const N: usize>(attributes: [(&str, Attribute); N]) -> Attributes {
    attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)).collect()
}

/// The attributes of a nested object.
fn inner() -> Attributes {
    attributes([
        ("at", plain(Type::String, Mode::Computed)),
        ("size", plain(Type::Number, Mode::Required)),
        ("code", plain(Type::String, Mode::OptionalComputed)),
        ("pass", Attribute { sensitive: true, ..plain(Type::String, Mode::Optional) }),
        ("once", Attribute { write_only: true, ..plain(Type::String, Mode::Optional) }),
    ])
}

/// A schema with one of everything: each mode, each nesting of attributes and blocks, sensitive, write-only and dynamic
/// attributes.
pub(crate) fn schema() -> Schema {
    let nested = |nesting, mode| Attribute::new(Shape::Nested(nesting, inner()), mode, "");
    let of = |ty| Box::new(ty);
    let attributes = attributes([
        ("id", plain(Type::String, Mode::Computed)),
        ("name", plain(Type::String, Mode::Required)),
        ("note", plain(Type::String, Mode::Optional)),
        ("region", plain(Type::String, Mode::OptionalComputed)),
        ("token", Attribute { sensitive: true, ..plain(Type::Map(of(Type::String)), Mode::Optional) }),
        ("secret", Attribute { write_only: true, ..plain(Type::String, Mode::Optional) }),
        ("any", plain(Type::Dynamic, Mode::Optional)),
        ("tags", plain(Type::Map(of(Type::String)), Mode::Optional)),
        ("zones", plain(Type::List(of(Type::String)), Mode::Optional)),
        ("ports", plain(Type::Set(of(Type::Number)), Mode::Optional)),
        ("pair", plain(Type::Tuple(vec![Type::String, Type::Bool]), Mode::Optional)),
        ("one", nested(Nesting::Single, Mode::Optional)),
        ("list", nested(Nesting::List, Mode::Optional)),
        ("set", nested(Nesting::Set, Mode::Optional)),
        ("map", nested(Nesting::Map, Mode::Optional)),
        ("auto", nested(Nesting::List, Mode::OptionalComputed)),
    ]);
    let block = || Block { attributes: inner(), ..Block::default() };
    let nested = |name: &str, nesting| (name.to_owned(), NestedBlock { nesting, block: block(), min: 0, max: 0 });
    let blocks = [
        nested("b_one", BlockNesting::Single),
        nested("b_group", BlockNesting::Group),
        nested("b_list", BlockNesting::List),
        nested("b_set", BlockNesting::Set),
        nested("b_map", BlockNesting::Map),
    ];
    Schema { version: 3, block: Block { attributes, blocks: blocks.into(), ..Block::default() } }
}

/// A value of [`schema`] from JSON with comments left out: `"?"` is unknown, members that are not given are null, blocks
/// that are not given are absent, and a `name` is always given.
pub(crate) fn object(text: &str) -> Value {
    let schema = schema();
    let json: Json = serde_json::from_str(text).expect("JSON");
    let Json::Object(given) = &json else { return Value::Null };
    let Value::Map(mut members) = empty(&schema.block) else { panic!("an object") };
    members.insert("name".into(), "n".into());
    let Type::Object(types) = schema.ty() else { panic!("an object type") };
    for (name, json) in given {
        members.insert(name.clone(), typed(json, &types[name]));
    }
    Value::Map(members)
}

/// A value of type `ty` from JSON, where `"?"` is unknown.
pub(crate) fn typed(json: &Json, ty: &Type) -> Value {
    match (ty, json) {
        (_, Json::String(text)) if text == "?" => Value::UNKNOWN,
        (Type::List(ty), Json::Array(elements)) => Value::List(elements.iter().map(|json| typed(json, ty)).collect()),
        (Type::Set(ty), Json::Array(elements)) => Value::set(elements.iter().map(|json| typed(json, ty))),
        (Type::Map(ty), Json::Object(members)) => {
            Value::map(members.iter().map(|(key, json)| (key.as_str(), typed(json, ty))))
        }
        (Type::Object(types), Json::Object(members)) => {
            let member =
                |(name, ty): (&String, &Type)| (name.clone(), typed(members.get(name).unwrap_or(&Json::Null), ty));
            Value::map(types.iter().map(member))
        }
        _ => from_json(json, ty).expect("a value of the type"),
    }
}
