//! Values without what may not be shown.

use std::collections::{BTreeMap, BTreeSet};

use framework::Value;

use crate::event::REDACTED;

/// The value without what may not be shown.
pub(super) fn redacted(value: &Value, secrets: &BTreeSet<String>) -> Value {
    let Value::Map(members) = value else { return value.clone() };
    let redact = |(name, value): (&String, &Value)| {
        let shown = match value {
            _ if !secrets.contains(name) || value.is_null() => value.clone(),
            // What is known of it already, such as how it begins, is not shown either.
            Value::Unknown(_) => Value::UNKNOWN,
            _ => REDACTED.into(),
        };
        (name.clone(), shown)
    };
    Value::Map(members.iter().map(redact).collect::<BTreeMap<_, _>>())
}

/// Both values without what may not be shown, and which attributes of that change.
pub(super) fn redacted_pair(
    before: &Value,
    after: &Value,
    secrets: &BTreeSet<String>,
) -> (Value, Value, BTreeSet<String>) {
    let (shown_before, shown_after) = (redacted(before, secrets), redacted(after, secrets));
    let changes = |name: &&String| {
        before.member(name) != after.member(name) && shown_before.member(name) == shown_after.member(name)
    };
    let hidden = secrets.iter().filter(changes).cloned().collect();
    (shown_before, shown_after, hidden)
}
