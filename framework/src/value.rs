//! Dynamic values, as they cross the waist.

use std::collections::BTreeMap;
use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::{Number, Type};

/// A value of a configuration, a plan or a state.
///
/// A value carries no type except where the schema leaves the type open ([`Value::Dynamic`]): whether it conforms to one
/// is asked of [`Type::check`]. Strings are in Unicode normal form C and the elements of a set are in ascending order;
/// the constructors [`Value::string`] and [`Value::set`] see to both, so equality is structural.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value was given.
    Null,
    /// A value that only apply will know, with what is known of it already.
    Unknown(Option<Box<Refinement>>),
    /// A boolean.
    Bool(bool),
    /// An exact number.
    Number(Number),
    /// A text in Unicode normal form C.
    String(String),
    /// The elements of a list or a tuple.
    List(Vec<Value>),
    /// The elements of a set in ascending order, without equal known elements.
    Set(Vec<Value>),
    /// The members of a map or the attributes of an object.
    Map(BTreeMap<String, Value>),
    /// A value whose type the schema leaves open, with the type that it has. Null and wholly unknown values of open type
    /// are [`Value::Null`] and [`Value::Unknown`].
    Dynamic(Box<(Type, Value)>),
}

/// What is known of an unknown value. Every field narrows the values that apply may give.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refinement {
    /// Whether the value will be null (`Some(true)`), will not be (`Some(false)`), or may be.
    pub null: Option<bool>,
    /// A text that the string will begin with.
    pub prefix: Option<String>,
    /// The lower bound of the number, and whether the bound itself is allowed.
    pub min: Option<(Number, bool)>,
    /// The upper bound of the number, and whether the bound itself is allowed.
    pub max: Option<(Number, bool)>,
    /// The least number of elements of the collection.
    pub min_length: Option<u64>,
    /// The greatest number of elements of the collection.
    pub max_length: Option<u64>,
}

impl Refinement {
    /// Whether a known value lies within what was promised.
    pub fn admits(&self, value: &Value) -> bool {
        if let Some(null) = self.null
            && null != value.is_null()
        {
            return false;
        }
        match value {
            Value::String(text) => self.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix.as_str())),
            Value::Number(number) => {
                let above = |(bound, inclusive): &(Number, bool)| number > bound || (*inclusive && number == bound);
                let below = |(bound, inclusive): &(Number, bool)| number < bound || (*inclusive && number == bound);
                self.min.as_ref().is_none_or(above) && self.max.as_ref().is_none_or(below)
            }
            Value::List(elements) | Value::Set(elements) => self.admits_length(elements.len()),
            Value::Map(members) => self.admits_length(members.len()),
            Value::Dynamic(inner) => self.admits(&inner.1),
            Value::Null | Value::Unknown(_) | Value::Bool(_) => true,
        }
    }

    fn admits_length(&self, length: usize) -> bool {
        let length = length as u64;
        self.min_length.is_none_or(|min| length >= min) && self.max_length.is_none_or(|max| length <= max)
    }
}

/// The text in Unicode normal form C, as values hold it.
pub fn normal_form(text: impl Into<String>) -> String {
    let text = text.into();
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

impl Value {
    /// An unknown value of which nothing is known.
    pub const UNKNOWN: Self = Self::Unknown(None);

    /// A string, brought into normal form C.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(normal_form(text))
    }

    /// A set of the given elements: sorted, and without repeated known ones.
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut elements: Vec<Self> = elements.into_iter().collect();
        elements.sort();
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Set(elements)
    }

    /// A map or an object of the given members.
    pub fn map<K: Into<String>>(members: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this value itself is unknown; its parts are not looked at.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether neither this value nor any part of it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(members) => members.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
        }
    }

    /// The text, if this is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is a known one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is a known one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a list, tuple or set.
    pub fn as_elements(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) | Self::Set(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of a map or the attributes of an object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The named member of a map or attribute of an object; null when this is not one or has no such member.
    pub fn member(&self, name: &str) -> &Self {
        self.as_map().and_then(|members| members.get(name)).unwrap_or(&Self::Null)
    }

    /// What kind of value this is, for messages: `a string`, `null`, ...
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map or object",
            Self::Dynamic(inner) => inner.1.kind(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Number(integer.into())
    }
}

/// Prints the value in HCL's spelling, for tests and messages about values that are not sensitive.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Unknown(None) => f.write_str("(unknown)"),
            Self::Unknown(Some(refinement)) => write!(f, "(unknown {refinement:?})"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{text:?}"),
            Self::List(elements) => f.debug_list().entries(elements).finish(),
            Self::Set(elements) => f.debug_set().entries(elements).finish(),
            Self::Map(members) => f.debug_map().entries(members).finish(),
            Self::Dynamic(inner) => write!(f, "dynamic({:?})", inner.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_composed() {
        assert_eq!(Value::string("e\u{301}"), Value::string("\u{e9}"));
    }

    #[test]
    fn sets_have_no_order_and_no_repeats_but_keep_unknowns() {
        let a = Value::set([Value::from("b"), Value::from("a"), Value::from("b")]);
        assert_eq!(a, Value::set([Value::from("a"), Value::from("b")]));
        let unknowns = Value::set([Value::UNKNOWN, Value::UNKNOWN]);
        assert_eq!(unknowns.as_elements().map(<[Value]>::len), Some(2));
    }

    #[test]
    fn a_refinement_admits_what_it_promises() {
        let refinement = Refinement { null: Some(false), prefix: Some("arn:".into()), ..Refinement::default() };
        assert!(refinement.admits(&Value::from("arn:aws")));
        assert!(!refinement.admits(&Value::from("aws")));
        assert!(!refinement.admits(&Value::Null));
        let bounds = Refinement {
            min: Some((Number::from(1), true)),
            max: Some((Number::from(3), false)),
            ..Refinement::default()
        };
        let admitted: Vec<i64> = (0..5).filter(|n| bounds.admits(&Value::from(*n))).collect();
        assert_eq!(admitted, [1, 2]);
    }
}
