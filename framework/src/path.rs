//! Where in a value something is.

use std::fmt;

use crate::Value;

/// A path from the root of a value to a part of it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the attribute of an object.
    Attribute(String),
    /// Into the member of a map.
    Key(String),
    /// Into the element of a list or tuple, counted from 0.
    Index(u64),
    /// Into the element of a set, which is its own address.
    Element(Value),
}

impl Path {
    /// The path to the whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of an attribute of the root.
    pub fn of(attribute: impl Into<String>) -> Self {
        Self::root().attribute(attribute)
    }

    /// This path, into an attribute of the object there.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// This path, into a member of the map there.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// This path, into an element of the list there.
    #[must_use]
    pub fn index(&self, index: u64) -> Self {
        self.step(Step::Index(index))
    }

    /// This path, into an element of the set there.
    #[must_use]
    pub fn element(&self, element: Value) -> Self {
        self.step(Step::Element(element))
    }

    /// This path, one step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The part of `value` at this path, if it is there.
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match (step, value) {
            (Step::Attribute(name) | Step::Key(name), Value::Map(members)) => members.get(name),
            (Step::Index(index), Value::List(elements)) => elements.get(usize::try_from(*index).ok()?),
            (Step::Element(element), Value::Set(elements)) => elements.iter().find(|candidate| *candidate == element),
            _ => None,
        })
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// Prints the path as HCL would spell it: `environments[0].url`. The content of a set element is left out, for it may
/// be long or sensitive.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(root)");
        }
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Element(_) => f.write_str("[...]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_hcl_and_find_their_part() {
        let path = Path::of("a").index(1).attribute("b").key("k k");
        assert_eq!(path.to_string(), r#"a[1].b["k k"]"#);
        let inner = Value::map([("b", Value::map([("k k", Value::from(1))]))]);
        let value = Value::map([("a", Value::List(vec![Value::Null, inner]))]);
        assert_eq!(path.find(&value), Some(&Value::from(1)));
        assert_eq!(path.attribute("x").find(&value), None);
        assert_eq!(Path::root().to_string(), "(root)");
    }
}
