//! A value of a text format, with the line it stands on.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value and its line.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::project) struct Node {
    /// The line of its key, or of itself where it has none, counted from 1. None where the format's reader does not say.
    pub(in crate::project) line: Option<u32>,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    /// A string, number, boolean or date, as written.
    Scalar(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn new(line: impl Into<Option<u32>>, value: Value) -> Self {
        Self { line: line.into(), value }
    }

    /// The value of a key; none when this is no table.
    pub(in crate::project) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().find_map(|(name, node)| (name == key).then_some(node))
    }

    /// The value at a path of keys.
    pub(in crate::project) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of the scalar at a path of keys.
    pub(in crate::project) fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys)?.text()
    }

    /// The text of a scalar.
    pub(in crate::project) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a table, empty when this is none.
    pub(in crate::project) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries: &[(String, Self)] = match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        };
        entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// The elements of a list, empty when this is none.
    pub(in crate::project) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Gives the values of this table the lines that `line` finds for their keys.
    pub(super) fn set_lines(&mut self, line: impl Fn(&str) -> Option<u32>) {
        if let Value::Table(entries) = &mut self.value {
            for (key, node) in entries {
                node.line = line(key);
            }
        }
    }

    /// Gives the values of all tables the lines of their keys, in the order of the text.
    pub(super) fn assign_lines(&mut self, lines: &mut impl Iterator<Item = u32>) {
        match &mut self.value {
            Value::Table(entries) => {
                for (_, node) in entries {
                    node.line = lines.next();
                    node.assign_lines(lines);
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| item.assign_lines(lines)),
            Value::Null | Value::Scalar(_) => {}
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl NodeVisitor {
    fn scalar(text: impl fmt::Display) -> Node {
        Node::new(None, Value::Scalar(text.to_string()))
    }
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Self::scalar(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Self::scalar(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Self::scalar(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Self::scalar(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Self::scalar(value))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::new(None, Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::new(None, Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::new(None, Value::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Node, Node>()? {
            entries.push((key.text().unwrap_or_default().to_owned(), value));
        }
        Ok(Node::new(None, Value::Table(entries)))
    }
}
