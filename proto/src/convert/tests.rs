//! Schemas and diagnostics, there and back.

use framework::provider::Schemas;
use framework::schema::{Attribute, Block, BlockNesting, Mode, NestedBlock, Nesting, Schema, Shape};
use framework::{Diagnostic, Diagnostics, Path, Type, Value};

use super::{from_wire, to_wire};
use crate::generated::tfplugin6::attribute_path::{Step, step::Selector};
use crate::generated::tfplugin6::{self as wire, get_provider_schema::Response, schema};

/// A schema in which everything occurs.
fn full() -> Schema {
    let plain = |ty, mode| Attribute::new(Shape::Plain(ty), mode, "Plain.");
    let leaf = || [("leaf".to_owned(), plain(Type::Dynamic, Mode::Optional))].into();
    let nested = |nesting| Attribute::new(Shape::Nested(nesting, leaf()), Mode::Optional, "Nested.");
    let block = |nesting| NestedBlock {
        nesting,
        block: Block { attributes: leaf(), deprecated: Some("Use an attribute.".into()), ..Block::default() },
        min: 1,
        max: 3,
    };
    let mut odd = plain(Type::List(Box::new(Type::object([("a", Type::Bool)]))), Mode::OptionalComputed);
    (odd.sensitive, odd.deprecated) = (true, Some("Use another.".into()));
    let mut secret = plain(Type::String, Mode::Required);
    secret.write_only = true;
    let attributes = [
        ("odd", odd),
        ("secret", secret),
        ("computed", plain(Type::Number, Mode::Computed)),
        ("single", nested(Nesting::Single)),
        ("list", nested(Nesting::List)),
        ("set", nested(Nesting::Set)),
        ("map", nested(Nesting::Map)),
    ];
    let blocks = [
        ("one", BlockNesting::Single),
        ("group", BlockNesting::Group),
        ("ordered", BlockNesting::List),
        ("unordered", BlockNesting::Set),
        ("labelled", BlockNesting::Map),
    ];
    Schema {
        version: 7,
        block: Block {
            attributes: attributes.map(|(name, attribute)| (name.to_owned(), attribute)).into(),
            blocks: blocks.map(|(name, nesting)| (name.to_owned(), block(nesting))).into(),
            description: "Everything.".into(),
            deprecated: None,
        },
    }
}

fn response(provider: wire::Schema) -> Response {
    Response { provider: Some(provider), ..Response::default() }
}

#[test]
fn a_schema_comes_back_as_it_was() {
    let Schemas { provider, .. } = from_wire::schemas(&response(to_wire::schema(&full()))).unwrap();
    assert_eq!(format!("{provider:#?}"), format!("{:#?}", full()));
}

/// What is said of a schema with one attribute.
#[track_caller]
fn check_wrong(attribute: schema::Attribute, expected: &str) {
    let inner = schema::Attribute { name: "inner".into(), ..attribute };
    let object = schema::Object { attributes: vec![inner], nesting: schema::object::NestingMode::List.into() };
    let outer =
        schema::Attribute { name: "outer".into(), optional: true, nested_type: Some(object), ..Default::default() };
    let block = schema::Block { attributes: vec![outer], ..Default::default() };
    let error = from_wire::schemas(&response(wire::Schema { version: 0, block: Some(block) })).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_wrong_schema_is_refused_where_it_is_wrong() {
    let typed = |json: &str| schema::Attribute { optional: true, r#type: json.into(), ..Default::default() };
    check_wrong(typed("\"text\""), "the schema of provider.outer.inner is wrong: no known type");
    check_wrong(typed(""), "the schema of provider.outer.inner is wrong: no known type");
    let mode = schema::Attribute { optional: false, ..typed("\"string\"") };
    check_wrong(mode, "the schema of provider.outer.inner is wrong: neither required, optional nor computed");
    let object = schema::Object { attributes: vec![], nesting: 99 };
    let nesting = schema::Attribute { nested_type: Some(object), ..typed("") };
    check_wrong(nesting, "the schema of provider.outer.inner is wrong: no known nesting");
}

#[test]
fn diagnostics_come_back_and_paths_end_at_sets() {
    let there = |path: Path| {
        let said: Diagnostics =
            [Diagnostic::error("Wrong", "Do right.").at(path), Diagnostic::warning("Odd", "")].into_iter().collect();
        from_wire::diagnostics(&to_wire::diagnostics(&said)).to_string()
    };
    let path = Path::of("a").index(3).key("k").attribute("b");
    assert_eq!(there(path), "error: a[3][\"k\"].b: Wrong\nDo right.\nwarning: Odd");
    let through_set = Path::of("set").element(Value::from("element")).attribute("inside");
    let expected = "error: set: Wrong\nDo right.\n\nThe attribute is `set[...].inside`.\nwarning: Odd";
    assert_eq!(there(through_set), expected);
}

/// Terraform before 1.15 does not show the path of a nested attribute.
#[test]
fn a_nested_attribute_is_named_in_the_text() {
    let sent = |summary: &str, detail: &str, path: Path| {
        let said = Diagnostic::error(summary, detail).at(path);
        to_wire::diagnostics(&said.into()).remove(0).detail
    };
    let nested = || Path::of("a").index(0).attribute("b");
    assert_eq!(sent("Wrong", "Do right.", nested()), "Do right.\n\nThe attribute is `a[0].b`.");
    assert_eq!(sent("Wrong", "Do `a[0].b` right.", nested()), "Do `a[0].b` right.");
    assert_eq!(sent("`a[0].b` is wrong", "Do right.", nested()), "Do right.");
    assert_eq!(sent("Wrong", "Do right.", Path::of("a")), "Do right.");
}

#[test]
fn what_another_version_may_send_is_taken_for_the_worse() {
    let step = |selector| Step { selector };
    let path =
        vec![step(Some(Selector::AttributeName("a".into()))), step(None), step(Some(Selector::ElementKeyInt(1)))];
    let attribute = Some(wire::AttributePath { steps: path });
    let said = wire::Diagnostic { severity: 77, summary: "Odd".into(), attribute, ..Default::default() };
    assert_eq!(from_wire::diagnostics(&[said]).to_string(), "error: a: Odd");
}
