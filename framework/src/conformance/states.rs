//! What states that come from elsewhere than apply are held to: rules 15 to 18.

use super::place::{Place, redact};
use super::{Rule, Violation, conform};
use crate::provider::ImportedObject;
use crate::{Schema, Value};

/// Checks the state of a resource that was read (rule 15); null says that it is gone.
pub fn read(schema: &Schema, state: &Value) -> Vec<Violation> {
    redact(schema, stored(schema, state, Rule::ReadConforms))
}

/// Checks the state of a data source that was read (rule 15).
pub fn data_read(schema: &Schema, state: &Value) -> Vec<Violation> {
    redact(schema, present(schema, state, Rule::ReadConforms))
}

/// Checks a state that was brought to the current schema (rule 16).
pub fn upgraded(schema: &Schema, state: &Value) -> Vec<Violation> {
    redact(schema, present(schema, state, Rule::UpgradeConforms))
}

/// Checks a state that was taken over from another resource type (rule 18).
pub fn moved(schema: &Schema, state: &Value) -> Vec<Violation> {
    redact(schema, present(schema, state, Rule::MoveConforms))
}

/// Checks what the import of an object of `type_name` gave (rule 17).
pub fn imported(schema: &Schema, type_name: &str, objects: &[ImportedObject]) -> Vec<Violation> {
    let violation = |message: String| vec![Place::ROOT.violation(Rule::ImportsOne, message)];
    match objects {
        [object] if object.type_name == type_name => redact(schema, present(schema, &object.state, Rule::ImportsOne)),
        [object] => violation(format!("an object of type {type_name:?} expected, not of {:?}", object.type_name)),
        objects => violation(format!("one object expected, not {}", objects.len())),
    }
}

fn present(schema: &Schema, state: &Value, rule: Rule) -> Vec<Violation> {
    match state {
        Value::Null => vec![Place::ROOT.violation(rule, "an object expected, not null")],
        _ => stored(schema, state, rule),
    }
}

fn stored(schema: &Schema, state: &Value, rule: Rule) -> Vec<Violation> {
    let mut found = conform::conforms(schema, state, rule);
    if found.is_empty() {
        found = conform::known(schema, state, rule);
        found.extend(conform::write_only(schema, state, rule));
    }
    found
}
