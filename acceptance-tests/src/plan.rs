//! A plan, as `terraform show -json` gives it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What is planned for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is created.
    Create,
    /// It is changed in place.
    Update,
    /// It is destroyed.
    Delete,
    /// It is destroyed and created, in either order.
    Replace,
    /// It is read.
    Read,
    /// It is no longer managed, but stays.
    Forget,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan(Value);

impl Plan {
    pub(crate) fn parse(json: &str) -> Self {
        Self(serde_json::from_str(json).expect("terraform prints JSON"))
    }

    /// The changes of objects, by address.
    pub(crate) fn changes(&self) -> BTreeMap<&str, &Value> {
        let changes = self.0["resource_changes"].as_array().into_iter().flatten();
        changes.map(|change| (change["address"].as_str().unwrap_or_default(), change)).collect()
    }

    #[track_caller]
    fn change(&self, address: &str) -> &Value {
        let changes = self.changes();
        changes.get(address).unwrap_or_else(|| panic!("the plan is about {:?}, not {address}", changes.keys()))
    }

    /// What is planned for the object.
    #[track_caller]
    pub fn action(&self, address: &str) -> Action {
        action(&self.change(address)["change"]["actions"])
    }

    /// The value before, at a JSON pointer; null where there is none.
    #[track_caller]
    pub fn before(&self, address: &str, pointer: &str) -> &Value {
        self.change(address)["change"]["before"].pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The planned value, at a JSON pointer; null where there is none or it is unknown.
    #[track_caller]
    pub fn after(&self, address: &str, pointer: &str) -> &Value {
        self.change(address)["change"]["after"].pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Whether the value at a JSON pointer is known only after the apply.
    #[track_caller]
    pub fn is_unknown(&self, address: &str, pointer: &str) -> bool {
        let change = self.change(address);
        // A wholly unknown object is one `true`, whatever is asked of it.
        let unknown = &change["change"]["after_unknown"];
        pointer
            .match_indices('/')
            .map(|(end, _)| &pointer[..end])
            .chain([pointer])
            .any(|part| unknown.pointer(part).is_some_and(|value| *value == Value::Bool(true)))
    }

    /// The address from which the object is moved.
    #[track_caller]
    pub fn moved_from(&self, address: &str) -> Option<&str> {
        self.change(address)["previous_address"].as_str()
    }

    /// The id from which the object is imported.
    #[track_caller]
    pub fn imports(&self, address: &str) -> Option<&str> {
        self.change(address)["change"]["importing"]["id"].as_str()
    }

    /// The addresses of objects that are not as the state has them.
    pub fn drifted(&self) -> Vec<&str> {
        let drifts = self.0["resource_drift"].as_array().into_iter().flatten();
        drifts.filter_map(|drift| drift["address"].as_str()).collect()
    }
}

fn action(actions: &Value) -> Action {
    let names: Vec<&str> = actions.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match names.as_slice() {
        ["no-op"] => Action::NoOp,
        ["create"] => Action::Create,
        ["update"] => Action::Update,
        ["delete"] => Action::Delete,
        ["delete", "create"] | ["create", "delete"] => Action::Replace,
        ["read"] => Action::Read,
        ["forget"] => Action::Forget,
        _ => panic!("terraform plans {names:?}, which this harness does not know"),
    }
}

/// Where `actual` is not what was planned, by JSON pointer. Unknown parts may have become anything.
pub(crate) fn disagreements(planned: &Value, unknown: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(planned, unknown, actual, "", &mut found);
    found
}

fn compare(planned: &Value, unknown: &Value, actual: &Value, at: &str, found: &mut Vec<String>) {
    match (planned, unknown, actual) {
        (_, Value::Bool(true), _) => {}
        (Value::Object(members), _, Value::Object(others)) => {
            for name in members.keys().chain(others.keys()).collect::<BTreeSet<_>>() {
                compare(&planned[name], &unknown[name], &actual[name], &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(elements), _, Value::Array(others)) if elements.len() == others.len() => {
            for (index, element) in elements.iter().enumerate() {
                compare(element, &unknown[index], &others[index], &format!("{at}/{index}"), found);
            }
        }
        _ if planned == actual => {}
        _ => found.push(format!("{at}: planned {planned}, reached {actual}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_unknown_may_be_anything_and_the_rest_is_as_planned() {
        let planned = json!({"text": "a", "list": [1, 2], "nested": {"kept": true}});
        let unknown = json!({"id": true, "list": [false, true], "nested": {"later": true}});
        let reached = json!({"id": "x", "text": "a", "list": [1, 7], "nested": {"kept": true, "later": "y"}});
        assert!(disagreements(&planned, &unknown, &reached).is_empty());
        let wrong = json!({"id": "x", "text": "b", "list": [1], "nested": {"kept": false}, "new": 1});
        insta::assert_snapshot!(disagreements(&planned, &unknown, &wrong).join("\n"), @r#"
        /list: planned [1,2], reached [1]
        /nested/kept: planned true, reached false
        /new: planned null, reached 1
        /text: planned "a", reached "b"
        "#);
    }

    #[test]
    fn an_unknown_parent_makes_its_parts_unknown() {
        let change = json!({"address": "a.b", "change": {"actions": ["create"], "after_unknown": {"files": true}}});
        let plan = Plan(json!({"resource_changes": [change]}));
        assert!(plan.is_unknown("a.b", "/files/ci.yml"));
        assert!(!plan.is_unknown("a.b", "/path"));
    }
}
