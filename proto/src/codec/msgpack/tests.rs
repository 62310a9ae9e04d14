//! Values and bytes, there and back; random bytes never panic.

use std::collections::BTreeMap;

use framework::value::Refinement;
use framework::{Number, Type, Value};
use proptest::prelude::*;
use rmpv::Value as Pack;

use super::{decode, encode};

fn ty(json: &str) -> Type {
    Type::from_json(&serde_json::from_str(json).unwrap()).unwrap()
}

fn pack(pack: &Pack) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, pack).unwrap();
    bytes
}

/// Reads what `rmpv` writes, which is another implementation.
#[track_caller]
fn check_decode(of: &str, from: &Pack, expected: &str) {
    let found = match decode(&pack(from), &ty(of)) {
        Ok(value) => {
            ty(of).check(&value).unwrap();
            format!("{value:?}")
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected);
}

/// Writes a value and says what `rmpv` reads.
#[track_caller]
fn check_encode(of: &str, value: &Value, expected: &str) {
    let found = match encode(value, &ty(of)) {
        Ok(bytes) => rmpv::decode::read_value(&mut bytes.as_slice()).unwrap().to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected);
}

fn map(members: Vec<(&str, Pack)>) -> Pack {
    Pack::Map(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

#[test]
fn numbers_are_read_in_every_notation() {
    check_decode(r#""number""#, &Pack::from(-7), "-7");
    check_decode(r#""number""#, &Pack::from(u64::MAX), "18446744073709551615");
    check_decode(r#""number""#, &Pack::from(0.5), "0.5");
    check_decode(r#""number""#, &Pack::from(0.25f32), "0.25");
    check_decode(r#""number""#, &Pack::from("1e30"), "1000000000000000000000000000000");
    check_decode(r#""number""#, &Pack::from(f64::INFINITY), "(root): number expected, not a number");
    check_decode(r#""number""#, &Pack::from("ten"), "(root): number expected, not a string");
}

#[test]
fn numbers_are_written_in_the_shortest_exact_notation() {
    let number = |text: &str| Value::Number(text.parse().unwrap());
    check_encode(r#""number""#, &number("-3"), "-3");
    check_encode(r#""number""#, &number("0.5"), "0.5");
    check_encode(r#""number""#, &number("9223372036854775808"), r#""9223372036854775808""#);
    check_encode(r#""number""#, &number("0.1"), r#""0.1""#);
}

#[test]
fn collections_and_objects() {
    let list = Pack::Array(vec!["b".into(), "a".into(), "b".into()]);
    check_decode(r#"["list","string"]"#, &list, r#"["b", "a", "b"]"#);
    check_decode(r#"["set","string"]"#, &list, r#"{"a", "b"}"#);
    check_decode(r#"["tuple",["string","string","string"]]"#, &list, r#"["b", "a", "b"]"#);
    let members = map(vec![("b", 1.into()), ("a", Pack::Nil)]);
    check_decode(r#"["map","number"]"#, &members, r#"{"a": null, "b": 1}"#);
    check_decode(r#"["object",{"a":"string","b":"number"}]"#, &members, r#"{"a": null, "b": 1}"#);
    let value = Value::map([("z", Value::from(1)), ("a", "x".into())]);
    check_encode(r#"["object",{"z":"number","a":"string"}]"#, &value, r#"{"a": "x", "z": 1}"#);
}

#[test]
fn strings_and_keys_are_brought_into_normal_form_c() {
    let apart = "e\u{301}";
    check_decode(r#""string""#, &apart.into(), r#""é""#);
    check_decode(r#"["map","number"]"#, &map(vec![(apart, 1.into())]), r#"{"é": 1}"#);
}

#[test]
fn an_open_type_travels_with_its_value() {
    let wire = Pack::Array(vec![Pack::Binary(br#"["list","bool"]"#.to_vec()), Pack::Array(vec![true.into()])]);
    check_decode(r#""dynamic""#, &wire, "dynamic([true])");
    let value = Value::Dynamic(Box::new((ty(r#"["list","bool"]"#), Value::List(vec![true.into()]))));
    assert_eq!(encode(&value, &Type::Dynamic).unwrap(), pack(&wire));
    check_decode(r#""dynamic""#, &Pack::Nil, "null");
    check_decode(r#""dynamic""#, &Pack::Ext(0, vec![0]), "(unknown)");
    let typed = Pack::Array(vec![Pack::Binary(br#""string""#.to_vec()), Pack::Nil]);
    check_decode(r#""dynamic""#, &typed, "null");
}

#[test]
fn errors_name_the_place() {
    let wire = map(vec![("a", Pack::Array(vec![map(vec![("k", 1.into())])]))]);
    check_decode(r#"["object",{"a":["list",["map","bool"]]}]"#, &wire, r#"a[0]["k"]: bool expected, not a number"#);
    check_decode(r#"["object",{"a":["set",["map","bool"]]}]"#, &wire, "a: bool expected, not a number");
    check_decode(r#"["object",{}]"#, &wire, "a: no attribute of this name expected, not one");
    check_decode(r#"["object",{"b":"bool"}]"#, &map(vec![]), "b: bool expected, not a missing attribute");
    check_decode(r#"["tuple",["bool"]]"#, &Pack::Array(vec![]), "(root): tuple([bool]) expected, not an array");
    check_encode(r#"["list","bool"]"#, &Value::List(vec![Value::from(1)]), "[0]: bool expected, not a number");
    let extra = Value::map([("x", Value::Null)]);
    check_encode(r#"["object",{}]"#, &extra, "x: no attribute of this name expected, not one");
    check_encode(r#"["object",{"b":"bool"}]"#, &Value::map::<&str>([]), "b: bool expected, not a missing attribute");
}

#[test]
fn an_unknown_of_which_nothing_is_known_is_three_bytes() {
    for of in [r#""string""#, r#""dynamic""#, r#"["list","bool"]"#] {
        assert_eq!(encode(&Value::UNKNOWN, &ty(of)).unwrap(), [0xd4, 0, 0]);
    }
    check_decode(r#""string""#, &Pack::Ext(99, vec![1, 2, 3]), "(unknown)");
}

/// The body as go-cty writes it: a map from small integers.
fn refined(entries: Vec<(i64, Pack)>) -> Pack {
    let body = Pack::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect());
    Pack::Ext(12, pack(&body))
}

#[test]
fn refinements_are_read_and_written_as_go_cty_does() {
    let bound = |number: i64, inclusive: bool| Pack::Array(vec![number.into(), inclusive.into()]);
    let number = refined(vec![(1, false.into()), (3, bound(1, true)), (4, bound(9, false))]);
    let expected = Refinement {
        null: Some(false),
        min: Some((Number::from(1), true)),
        max: Some((Number::from(9), false)),
        ..Refinement::default()
    };
    let value = Value::Unknown(Some(Box::new(expected)));
    assert_eq!(decode(&pack(&number), &Type::Number).unwrap(), value);
    assert_eq!(rmpv::decode::read_value(&mut encode(&value, &Type::Number).unwrap().as_slice()).unwrap(), number);
    let list = refined(vec![(5, 1.into()), (6, 3.into())]);
    let expected = Refinement { min_length: Some(1), max_length: Some(3), ..Refinement::default() };
    assert_eq!(decode(&pack(&list), &ty(r#"["set","bool"]"#)).unwrap(), Value::Unknown(Some(Box::new(expected))));
}

#[test]
fn a_refinement_that_cannot_be_read_leaves_a_plain_unknown() {
    let newer = refined(vec![(77, Pack::Array(vec![1.into(), map(vec![("x", Pack::Nil)])])), (2, "arn:".into())]);
    let prefix = Refinement { prefix: Some("arn:".into()), ..Refinement::default() };
    assert_eq!(decode(&pack(&newer), &Type::String).unwrap(), Value::Unknown(Some(Box::new(prefix))));
    for broken in
        [refined(vec![(2, 1.into())]), Pack::Ext(12, vec![0xff; 40]), refined(vec![(2, "x".repeat(2000).into())])]
    {
        check_decode(r#""string""#, &broken, "(unknown)");
    }
}

#[test]
fn claims_of_length_are_not_believed() {
    for head in [[0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff]] {
        for of in [r#"["list","string"]"#, r#"["map","string"]"#, r#""string""#, r#""dynamic""#] {
            assert!(decode(&head, &ty(of)).is_err());
        }
    }
    assert_eq!(decode(&[0xc0, 0xc0], &Type::Bool).unwrap_err().to_string(), "(root): 1 bytes follow the value");
    assert_eq!(decode(&[], &Type::Bool).unwrap_err().to_string(), "(root): the bytes end in the middle of a value");
}

#[test]
fn depth_is_bounded() {
    let open = [&[0x92, 0xc4, 9][..], br#""dynamic""#].concat();
    let bytes = open.repeat(100_000);
    let error = decode(&bytes, &Type::Dynamic).unwrap_err().to_string();
    assert_eq!(error, "(root): values nest deeper than 128 levels");
}

/// Types, up to some depth.
fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool), Just(Type::Dynamic)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Type::List),
            boxed.clone().prop_map(Type::Set),
            boxed.prop_map(Type::Map),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite and not tiny", |float| Number::try_from(float).ok()),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?".prop_map(|text| text.parse().unwrap()),
    ]
}

/// What can be known of an unknown value of a type.
fn any_refinement(ty: &Type) -> BoxedStrategy<Value> {
    let null = prop::option::of(any::<bool>()).prop_map(|null| Refinement { null, ..Refinement::default() });
    let bound = || prop::option::of((any_number(), any::<bool>()));
    let length = || prop::option::of(any::<u64>());
    let refinement = match ty {
        Type::String => {
            (null, prop::option::of("[a-z]{0,9}")).prop_map(|(null, prefix)| Refinement { prefix, ..null }).boxed()
        }
        Type::Number => (null, bound(), bound()).prop_map(|(null, min, max)| Refinement { min, max, ..null }).boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => (null, length(), length())
            .prop_map(|(null, min_length, max_length)| Refinement { min_length, max_length, ..null })
            .boxed(),
        Type::Dynamic => Just(Refinement::default()).boxed(),
        _ => null.boxed(),
    };
    let some = |refinement| (refinement != Refinement::default()).then(|| Box::new(refinement));
    refinement.prop_map(move |refinement| Value::Unknown(some(refinement))).boxed()
}

/// Values that conform to a type.
fn any_value(ty: &Type) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::String => "\\PC{0,8}".prop_map(Value::from).boxed(),
        Type::Number => any_number().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::List(element) => prop::collection::vec(any_value(element), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => prop::collection::vec(any_value(element), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => {
            prop::collection::btree_map("[a-z]{0,3}", any_value(element), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Tuple(types) => types.iter().map(any_value).collect::<Vec<_>>().prop_map(Value::List).boxed(),
        Type::Object(types) => {
            let members: Vec<_> = types.iter().map(|(name, ty)| (Just(name.clone()), any_value(ty))).collect();
            members.prop_map(|members| Value::Map(BTreeMap::from_iter(members))).boxed()
        }
        Type::Dynamic => prop_oneof![Just(Type::String), Just(Type::List(Box::new(Type::Number)))]
            .prop_flat_map(|ty| any_value(&ty).prop_map(move |value| (ty.clone(), value)))
            .prop_map(|(ty, value)| match value {
                Value::Null | Value::Unknown(_) => Value::Null,
                value => Value::Dynamic(Box::new((ty, value))),
            })
            .boxed(),
    };
    prop_oneof![6 => known, 1 => Just(Value::Null), 1 => any_refinement(ty)].boxed()
}

/// Bytes that resemble msgpack.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let heads =
        prop::sample::select(&[0x80u8, 0x91, 0x92, 0xa1, 0xc0, 0xc4, 0xc7, 0xd4, 0xd9, 0xdc, 0xdd, 0xdf, 0x0c][..]);
    prop::collection::vec(prop_oneof![heads, any::<u8>()], 0..200)
}

proptest! {
    #[test]
    fn a_value_survives((ty, value) in any_type().prop_flat_map(|ty| any_value(&ty).prop_map(move |value| (ty.clone(), value)))) {
        prop_assert_eq!(ty.check(&value), Ok(()));
        let bytes = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_is_read_conforms(ty in any_type(), bytes in any_bytes()) {
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(ty.check(&value), Ok(()));
        }
    }

    #[test]
    fn a_damaged_value_is_an_error_or_another_value(
        (ty, value) in any_type().prop_flat_map(|ty| any_value(&ty).prop_map(move |value| (ty.clone(), value))),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&value, &ty).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(ty.check(&value), Ok(()));
        }
        prop_assert!(position == 0 || decode(&bytes[..position], &ty).is_err());
    }
}
