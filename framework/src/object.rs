//! Objects, attribute by attribute: what the code that the derive writes calls.

mod slot;

use std::collections::BTreeMap;

pub use self::slot::{OptionSlot, Slot, option_slot, slot};
use crate::attributes::Preview;
use crate::choice::UnknownChoice;
use crate::field::unexpected;
use crate::{Diagnostic, Diagnostics, Path, Value};

/// Reads the attributes of one object and gathers what is wrong with all of them.
#[derive(Debug)]
pub struct Reader<'a> {
    members: Option<&'a BTreeMap<String, Value>>,
    path: &'a Path,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    /// Reads `object`, which stands at `path`.
    pub fn new(object: &'a Value, path: &'a Path) -> Self {
        let members = object.as_map();
        let diagnostics = match members {
            Some(_) => Diagnostics::new(),
            None => unexpected("an object", object, path),
        };
        Self { members, path, diagnostics }
    }

    /// The attribute; one that is not there is null.
    pub fn read<T>(&mut self, name: &str, slot: Slot<T>) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() && slot.is_required() {
            let missing = Diagnostic::error("Missing attribute", "It must be given.");
            self.diagnostics.push(missing.at(self.path.attribute(name)));
            return None;
        }
        self.decode(name, value, slot)
    }

    /// The attribute, or what `default` makes if it is null.
    pub fn read_or<T>(&mut self, name: &str, slot: Slot<T>, default: impl FnOnce() -> T) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() { Some(default()) } else { self.decode(name, value, slot) }
    }

    /// The attribute if it is not null.
    pub fn alternative<T>(&mut self, name: &str, slot: Slot<T>) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() { None } else { self.decode(name, value, slot) }
    }

    /// The attribute if it is there: neither null nor unknown in any part.
    pub fn given<T>(&mut self, name: &str, slot: Slot<T>) -> Option<T> {
        let value = self.member(name)?;
        if value.is_null() || !value.is_wholly_known() { None } else { self.decode(name, value, slot) }
    }

    /// The attribute as far as it is known.
    pub fn preview<T>(&mut self, name: &str, slot: Slot<T>) -> Option<Preview<T>> {
        let value = self.member(name)?;
        if value.is_wholly_known() { self.read(name, slot).map(Preview::Known) } else { Some(Preview::Unknown) }
    }

    /// What `make` makes of the attributes, unless one of them could not be read.
    pub fn finish<T>(self, make: impl FnOnce() -> Option<T>) -> Result<T, Diagnostics> {
        if self.diagnostics.has_errors() { Err(self.diagnostics) } else { make().ok_or(self.diagnostics) }
    }

    /// The one alternative that is there, where each of the attributes `names` stands for one.
    pub fn finish_one_of<T>(
        self,
        names: &[&str],
        alternatives: impl IntoIterator<Item = Option<T>>,
    ) -> Result<T, Diagnostics> {
        let path = self.path;
        let mut given: Vec<T> = self.finish(|| Some(alternatives.into_iter().flatten().collect()))?;
        match (given.pop(), given.is_empty()) {
            (Some(alternative), true) => Ok(alternative),
            (last, _) => Err(not_exactly_one(names, given.len() + usize::from(last.is_some()), path)),
        }
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.map(|members| members.get(name).unwrap_or(&Value::Null))
    }

    fn decode<T>(&mut self, name: &str, value: &Value, slot: Slot<T>) -> Option<T> {
        let read = slot.decode(value, &self.path.attribute(name));
        read.map_err(|errors| self.diagnostics.extend(errors)).ok()
    }
}

/// The error for an object of which `given` attributes are given instead of one of `names`.
fn not_exactly_one(names: &[&str], given: usize, path: &Path) -> Diagnostics {
    let names = names.join("`, `");
    let detail = format!("Exactly one of `{names}` must be given, not {given} of them.");
    Diagnostic::error("Not exactly one alternative", detail).at(path.clone()).into()
}

/// The error for a text at `path` that is none of those that are allowed.
pub fn unexpected_choice(unknown: &UnknownChoice, path: &Path) -> Diagnostics {
    Diagnostic::error("Unexpected value", unknown.to_string()).at(path.clone()).into()
}

/// Members of which one is `value` and the others are `absent`.
pub fn alternative<T: Clone>(names: &[&str], name: &str, value: T, absent: &T) -> BTreeMap<String, T> {
    let others = names.iter().map(|other| ((*other).to_owned(), absent.clone()));
    others.chain([(name.to_owned(), value)]).collect()
}

/// Members by name.
pub fn members<T, const N: usize>(members: [(&str, T); N]) -> BTreeMap<String, T> {
    members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect()
}

/// The members that are there, by name.
pub fn present<T, const N: usize>(members: [(&str, Option<T>); N]) -> BTreeMap<String, T> {
    members.into_iter().filter_map(|(name, member)| Some((name.to_owned(), member?))).collect()
}

/// Whether `name` is one of `names`, for assertions at compile time.
pub const fn contains(names: &[&str], name: &str) -> bool {
    let mut position = 0;
    while position < names.len() {
        if equal(names[position].as_bytes(), name.as_bytes()) {
            return true;
        }
        position += 1;
    }
    false
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    let mut position = 0;
    while position < a.len() && position < b.len() && a[position] == b[position] {
        position += 1;
    }
    position == a.len() && position == b.len()
}
