//! TOML, with the line of every key and element.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Node, Value};
use super::{Broken, Lines};

/// Reads a document.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    let lines = Lines::new(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(Node::new(1, self::table(table.get_ref(), &lines))),
        Err(error) => {
            Err(Broken { line: error.span().map(|span| lines.of(span.start)), message: error.message().to_owned() })
        }
    }
}

fn table(table: &DeTable<'_>, lines: &Lines) -> Value {
    let entries = table.iter().map(|(key, value)| {
        let node = Node::new(lines.of(key.span().start), self::value(value.get_ref(), lines));
        (key.get_ref().to_string(), node)
    });
    Value::Table(entries.collect())
}

fn value(value: &DeValue<'_>, lines: &Lines) -> Value {
    match value {
        DeValue::Table(inner) => table(inner, lines),
        DeValue::Array(items) => {
            let item = |item: &Spanned<DeValue<'_>>| {
                Node::new(lines.of(item.span().start), self::value(item.get_ref(), lines))
            };
            Value::List(items.iter().map(item).collect())
        }
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Value::Scalar(truth.to_string()),
        DeValue::Datetime(date) => Value::Scalar(date.to_string()),
    }
}
