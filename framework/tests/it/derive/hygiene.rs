//! Nothing that the user's code names otherwise gets in the way.

/// A module without a prelude, in which all that code usually takes for granted means something else.
#[no_implicit_prelude]
mod shadowed {
    #![expect(dead_code, unused_macros, reason = "they are there to be mistaken for others")]

    use ::framework::Attributes;

    struct Option;
    struct Result;
    struct String;
    struct Vec;
    struct Value;
    struct Path;
    struct Diagnostics;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    trait Into {}
    trait From {}
    trait Clone {}
    trait Default {}
    trait Sized {}
    mod std {}
    mod core {}
    mod framework {}
    macro_rules! vec {
        () => {};
    }
    macro_rules! assert {
        () => {};
    }

    /// Inputs with fields that have the names of what the derive uses.
    #[derive(Attributes)]
    #[attr(resource = "demo_shadow", builder = Shadow, outputs = Outputs)]
    pub(super) struct Inputs {
        /// A.
        name: ::std::string::String,
        /// B.
        #[attr(default = "x", length = 1..=9, one_of("x", "y"))]
        value: ::std::string::String,
        /// C.
        #[attr(exclusive = "g", range = 1..)]
        input: ::core::option::Option<u8>,
        /// D.
        #[attr(exclusive = "g", deprecated = "Use `input`.")]
        reader: ::core::option::Option<Nested>,
        /// E.
        object: Choice,
        /// F.
        path: ::core::option::Option<Alternatives>,
    }

    /// Outputs.
    #[derive(Attributes)]
    #[attr(outputs)]
    pub(super) struct Outputs {
        /// A.
        node: u8,
        /// B.
        part_0: ::core::option::Option<u8>,
    }

    /// A nested object.
    #[derive(Attributes)]
    pub(super) struct Nested {
        /// A.
        members: ::std::vec::Vec<u8>,
        /// B.
        input: ::core::option::Option<u8>,
    }

    impl ::core::clone::Clone for Nested {
        fn clone(&self) -> Self {
            Self { members: ::core::clone::Clone::clone(&self.members), input: self.input }
        }
    }

    /// A text.
    #[derive(Attributes)]
    pub(super) enum Choice {
        /// A.
        Some,
        /// B.
        None,
    }

    impl ::core::clone::Clone for Choice {
        fn clone(&self) -> Self {
            match self {
                Self::Some => Self::Some,
                Self::None => Self::None,
            }
        }
    }

    /// Alternatives.
    #[derive(Attributes)]
    pub(super) enum Alternatives {
        /// A.
        Ok(Nested),
        /// B.
        Err(::std::string::String),
    }

    impl ::core::clone::Clone for Alternatives {
        fn clone(&self) -> Self {
            match self {
                Self::Ok(nested) => Self::Ok(::core::clone::Clone::clone(nested)),
                Self::Err(text) => Self::Err(::core::clone::Clone::clone(text)),
            }
        }
    }
}

/// A crate that has `framework` under another name.
mod renamed {
    mod reexported {
        pub(super) use framework as runtime;
    }

    /// A nested object.
    #[derive(framework::Attributes)]
    #[attr(crate = reexported::runtime)]
    pub(super) struct Nested {
        /// A.
        pub(super) a: u8,
    }
}

use framework::Value;
use framework::attributes::{Attributes, Field};

#[test]
fn the_meaning_is_the_same() {
    let attributes = shadowed::Inputs::attributes();
    let names: Vec<_> = attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["input", "name", "object", "path", "reader", "value"]);
    assert_eq!(attributes["value"].rules.default, Some(Value::from("x")));
    assert_eq!(shadowed::Choice::None.to_string(), "none");
    let err = shadowed::Alternatives::Err("x".into()).to_value();
    assert_eq!(err, Value::map([("ok", Value::Null), ("err", Value::from("x"))]));
}

#[test]
fn the_crate_may_have_another_name() {
    assert_eq!(renamed::Nested { a: 1 }.to_value(), Value::map([("a", Value::from(1))]));
}
