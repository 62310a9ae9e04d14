//! What comes after a plan is held to it: rules 10 to 14.

use super::parts::member;
use super::place::{Place, bounds, redact, show};
use super::{Rule, Violation, conform};
use crate::host::Action;
use crate::schema::{Block, BlockNesting, NestedBlock};
use crate::value::Refinement;
use crate::{Schema, Type, Value};

/// Checks the state that apply gave against the planned one (rules 11 to 14). `failed` says that the answer holds
/// errors of the provider's own: then it need not be what was planned (rules 12 to 14 are passed over).
///
/// # Assumptions
/// `planned` conforms to `schema`; it is null for a destruction.
pub fn applied(schema: &Schema, planned: &Value, applied: &Value, failed: bool) -> Vec<Violation> {
    let mut found = conform::conforms(schema, applied, Rule::AppliedConforms);
    if found.is_empty() {
        found = conform::known(schema, applied, Rule::AppliedConforms);
        found.extend(conform::write_only(schema, applied, Rule::AppliedConforms));
    }
    if found.is_empty() && !failed {
        found = as_planned(schema, planned, applied);
    }
    redact(schema, found)
}

fn as_planned(schema: &Schema, planned: &Value, applied: &Value) -> Vec<Violation> {
    let presence = |message: &str| vec![Place::ROOT.violation(Rule::AppliedPresence, message)];
    match (planned, applied) {
        (Value::Null, Value::Null) => Vec::new(),
        (Value::Null, _) => presence("null expected after a destruction, not an object"),
        (_, Value::Null) => presence("an object expected, not null"),
        _ => {
            let mut check = Check { value: Rule::AppliedKeepsPlan, elements: Rule::AppliedElements, found: Vec::new() };
            check.block(&schema.block, planned, applied, &Place::ROOT);
            check.found
        }
    }
}

/// Checks the plan that was made again at apply against the first (rule 10).
///
/// # Assumptions
/// Both plans passed [`super::planned`].
pub fn replanned(schema: &Schema, first: (Action, &Value), second: (Action, &Value)) -> Vec<Violation> {
    let ((first_action, first), (second_action, second)) = (first, second);
    let mut check = Check { value: Rule::PlanAgain, elements: Rule::PlanAgain, found: Vec::new() };
    if first_action != second_action && (first_action, second_action) != (Action::Update, Action::NoOp) {
        let message = format!("the action was planned as {first_action}, and is now {second_action}");
        check.report(&Place::ROOT, Rule::PlanAgain, message);
    }
    check.one_block(&schema.block, first, second, &Place::ROOT);
    redact(schema, check.found)
}

/// Compares a plan with what followed it.
struct Check {
    /// The rule about values.
    value: Rule,
    /// The rule about the elements of collections.
    elements: Rule,
    found: Vec<Violation>,
}

impl Check {
    fn report(&mut self, place: &Place<'_>, rule: Rule, message: impl Into<String>) {
        self.found.push(place.violation(rule, message));
    }

    fn holds(&self, check: impl FnOnce(&mut Self)) -> bool {
        let mut trial = Self { found: Vec::new(), ..*self };
        check(&mut trial);
        trial.found.is_empty()
    }

    fn block(&mut self, block: &Block, planned: &Value, actual: &Value, place: &Place<'_>) {
        for (name, attribute) in &block.attributes {
            let (planned, actual) = (member(planned, name), member(actual, name));
            self.value(&attribute.shape.ty(), planned, actual, &place.attribute(name));
        }
        for (name, nested) in &block.blocks {
            self.blocks(nested, member(planned, name), member(actual, name), &place.attribute(name));
        }
    }

    fn one_block(&mut self, block: &Block, planned: &Value, actual: &Value, place: &Place<'_>) {
        match (planned, actual) {
            (Value::Null | Value::Unknown(_), Value::Null) => {}
            (Value::Null, _) => self.report(place, self.elements, "the object was absent, and is now present"),
            (_, Value::Null) => self.report(place, self.elements, "the object was present, and is now absent"),
            _ => self.block(block, planned, actual, place),
        }
    }

    fn blocks(&mut self, nested: &NestedBlock, planned: &Value, actual: &Value, place: &Place<'_>) {
        let (block, place) = (&nested.block, *place);
        if matches!(nested.nesting, BlockNesting::Single | BlockNesting::Group) {
            return self.one_block(block, planned, actual, &place);
        }
        match (planned, actual) {
            (Value::List(planned), Value::List(actual)) if planned.len() == actual.len() => {
                for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                    self.one_block(block, planned, actual, &place.index(index));
                }
            }
            (Value::List(planned), Value::List(actual)) => {
                self.report(
                    &place,
                    self.elements,
                    format!("{} blocks were planned, not {}", planned.len(), actual.len()),
                );
            }
            (Value::Map(_), Value::Map(_)) => {
                let one = |check: &mut Self, planned: &Value, actual: &Value, place: &Place<'_>| {
                    check.one_block(block, planned, actual, place);
                };
                self.entries(planned, actual, &place, one);
            }
            (Value::Set(planned), Value::Set(actual)) => {
                let one = |check: &mut Self, planned: &Value, actual: &Value| {
                    check.one_block(block, planned, actual, &Place::ROOT);
                };
                self.set(planned, actual, &place, one);
            }
            // The number of blocks was not known yet, or null stands for none.
            _ => {}
        }
    }

    fn value(&mut self, ty: &Type, planned: &Value, actual: &Value, place: &Place<'_>) {
        match (ty, planned, actual) {
            // A plan that knows no type promises nothing.
            (Type::Dynamic, Value::Null | Value::Unknown(_), _) | (_, Value::Null, Value::Null) => {}
            (_, Value::Unknown(refinement), _) => {
                if let Some(refinement) = refinement.as_deref().filter(|refinement| !admits(refinement, actual)) {
                    let message = format!("a value{} expected, as planned, not {}", bounds(refinement), show(actual));
                    self.report(place, self.value, message);
                }
            }
            (_, _, Value::Unknown(_)) => self.report(place, self.value, "the value was known, and is now unknown"),
            (_, Value::Null, _) | (_, _, Value::Null) => self.differs(planned, actual, place),
            (_, Value::Dynamic(planned), Value::Dynamic(actual)) if planned.0 == actual.0 => {
                self.value(&planned.0, &planned.1, &actual.1, place);
            }
            (_, Value::Dynamic(planned), Value::Dynamic(actual)) => {
                let message = format!("the planned type {} expected, not {}", planned.0, actual.0);
                self.report(place, self.value, message);
            }
            _ => self.collection(ty, planned, actual, place),
        }
    }

    fn collection(&mut self, ty: &Type, planned: &Value, actual: &Value, place: &Place<'_>) {
        match (ty, planned, actual) {
            (Type::Set(ty), Value::Set(planned), Value::Set(actual)) => {
                let one = |check: &mut Self, planned: &Value, actual: &Value| {
                    check.value(ty, planned, actual, &Place::ROOT);
                };
                self.set(planned, actual, place, one);
            }
            (Type::Map(ty), Value::Map(_), Value::Map(_)) => {
                let one = |check: &mut Self, planned: &Value, actual: &Value, place: &Place<'_>| {
                    check.value(ty, planned, actual, place);
                };
                self.entries(planned, actual, place, one);
            }
            (Type::Object(types), Value::Map(_), Value::Map(_)) => {
                for (name, ty) in types {
                    self.value(ty, planned.member(name), actual.member(name), &place.attribute(name));
                }
            }
            (Type::List(_) | Type::Tuple(_), Value::List(planned), Value::List(actual)) => {
                self.list(ty, planned, actual, place);
            }
            _ if planned == actual => {}
            _ => self.differs(planned, actual, place),
        }
    }

    fn differs(&mut self, planned: &Value, actual: &Value, place: &Place<'_>) {
        self.report(place, self.value, format!("the planned {} expected, not {}", show(planned), show(actual)));
    }

    fn list(&mut self, ty: &Type, planned: &[Value], actual: &[Value], place: &Place<'_>) {
        if planned.len() != actual.len() {
            let message = format!("{} elements were planned, not {}", planned.len(), actual.len());
            self.report(place, self.elements, message);
        }
        for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
            let ty = match ty {
                Type::List(ty) => ty,
                Type::Tuple(types) => &types[index],
                _ => return,
            };
            self.value(ty, planned, actual, &place.index(index));
        }
    }

    fn entries(
        &mut self,
        planned: &Value,
        actual: &Value,
        place: &Place<'_>,
        one: impl Fn(&mut Self, &Value, &Value, &Place<'_>),
    ) {
        let (Some(planned), Some(actual)) = (planned.as_map(), actual.as_map()) else { return };
        for (key, planned) in planned {
            match actual.get(key) {
                Some(actual) => one(self, planned, actual, &place.key(key)),
                None => self.report(place, self.elements, format!("the planned key {key:?} has vanished")),
            }
        }
        for key in actual.keys().filter(|key| !planned.contains_key(*key)) {
            self.report(place, self.elements, format!("the key {key:?} has appeared"));
        }
    }

    /// The elements of a set have no identity: each planned one must have become one of the actual ones, each actual one
    /// must have been planned, and elements that were unknown may have become equal.
    fn set(&mut self, planned: &[Value], actual: &[Value], place: &Place<'_>, one: impl Fn(&mut Self, &Value, &Value)) {
        let matches = |planned: &Value, actual: &Value| self.holds(|check| one(check, planned, actual));
        // Sets are sorted, so that what did not change is found without comparing each element with each.
        let is_kept = |p: &&Value| actual.binary_search(p).is_ok() || actual.iter().any(|a| matches(p, a));
        let is_planned = |a: &&Value| planned.binary_search(a).is_ok() || planned.iter().any(|p| matches(p, a));
        let vanished: Vec<_> = planned.iter().filter(|p| !is_kept(p)).collect();
        let appeared: Vec<_> = actual.iter().filter(|a| !is_planned(a)).collect();
        for element in &vanished {
            self.report(place, self.elements, format!("the planned element {} has vanished", show(element)));
        }
        if vanished.is_empty() {
            for element in &appeared {
                self.report(place, self.elements, format!("the element {} has appeared", show(element)));
            }
            if appeared.is_empty() && actual.len() > planned.len() {
                let message = format!("at most {} elements were planned, not {}", planned.len(), actual.len());
                self.report(place, self.elements, message);
            }
        }
    }
}

/// Whether `actual`, which may still be unknown when the plan is made again, can be what the plan promised.
fn admits(promised: &Refinement, actual: &Value) -> bool {
    match actual {
        Value::Unknown(None) => promised.null != Some(true),
        Value::Unknown(Some(now)) => !contradict(promised, now),
        Value::Set(elements) if !actual.is_wholly_known() => {
            promised.null != Some(true) && promised.min_length.is_none_or(|min| elements.len() as u64 >= min)
        }
        _ => promised.admits(actual),
    }
}

/// Whether no value can lie within both.
fn contradict(a: &Refinement, b: &Refinement) -> bool {
    let above = |min: &Option<u64>, max: &Option<u64>| matches!((min, max), (Some(min), Some(max)) if min > max);
    let beyond = |low: &Refinement, high: &Refinement| match (&low.min, &high.max) {
        (Some((min, includes_min)), Some((max, includes_max))) => {
            min > max || (min == max && !(*includes_min && *includes_max))
        }
        _ => false,
    };
    let nullness = matches!((a.null, b.null), (Some(a), Some(b)) if a != b);
    let prefixes = match (&a.prefix, &b.prefix) {
        (Some(a), Some(b)) => !a.starts_with(b.as_str()) && !b.starts_with(a.as_str()),
        _ => false,
    };
    nullness
        || prefixes
        || above(&a.min_length, &b.max_length)
        || above(&b.min_length, &a.max_length)
        || beyond(a, b)
        || beyond(b, a)
}
