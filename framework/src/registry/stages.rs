//! The stages of planning, in their order.
//!
//! Planning starts from the configuration, never from the host's proposal: the only values of a user's attributes that a
//! provider chooses are constant defaults, and everything else that it gives is an attribute of its own.

use std::collections::BTreeMap;

use crate::attributes::Preview;
use crate::provider::{Plan, Planned};
use crate::schema::{Attribute, Attributes, Nesting, Shape};
use crate::{Diagnostics, Path, Value};

/// A plan in the making.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The attributes of the resource.
    pub attributes: &'a Attributes,
    /// The recorded object, or null.
    pub prior: &'a Value,
    /// The planned object so far: at first the configuration.
    pub planned: BTreeMap<String, Value>,
    /// What the author's preview said; nothing when an input is unknown.
    pub preview: Option<BTreeMap<String, Preview<Value>>>,
    /// The attributes whose change needs a new object.
    pub replace: Vec<Path>,
}

/// A step of planning.
#[derive(Debug)]
pub struct Stage {
    /// What messages and tests call it.
    pub name: &'static str,
    /// What it does.
    pub run: fn(&mut Draft<'_>),
}

/// What is done to the inputs, before the author's preview sees them.
pub const INPUTS: &[Stage] = &[Stage { name: "defaults", run: defaults }, Stage { name: "spelling", run: spelling }];

/// What is done with the outputs, after the author's preview.
pub const OUTPUTS: &[Stage] =
    &[Stage { name: "outputs", run: outputs }, Stage { name: "replacement", run: replacement }];

impl<'a> Draft<'a> {
    /// A draft that plans exactly what `config` says.
    pub fn new(attributes: &'a Attributes, prior: &'a Value, config: &Value) -> Self {
        let planned = config.as_map().cloned().unwrap_or_default();
        Self { attributes, prior, planned, preview: None, replace: Vec::new() }
    }

    /// Runs stages in their order.
    pub fn run(&mut self, stages: &[Stage]) {
        for stage in stages {
            (stage.run)(self);
        }
    }

    /// Whether all inputs are known to their last part.
    pub fn inputs_are_known(&self) -> bool {
        let inputs = self.attributes.iter().filter(|(_, attribute)| attribute.mode.is_input());
        inputs.map(|(name, _)| &self.planned[name]).all(Value::is_wholly_known)
    }
}

/// The answer to a plan that cannot be made. The host ignores its state, which must all the same be one.
pub(super) fn refused(request: Plan, diagnostics: Diagnostics) -> Planned {
    let state = if request.config.is_null() { Value::Null } else { request.proposed };
    Planned { state, replace: Vec::new(), private: request.private, diagnostics, legacy: false }
}

/// Gives attributes that were left out their default; in nested objects only where the object itself was given.
fn defaults(draft: &mut Draft<'_>) {
    fill(draft.attributes, &mut draft.planned);
}

fn fill(attributes: &Attributes, members: &mut BTreeMap<String, Value>) {
    for (name, attribute) in attributes {
        let value = members.entry(name.clone()).or_insert(Value::Null);
        match (&attribute.shape, &attribute.rules.default) {
            (_, Some(default)) if value.is_null() => *value = default.clone(),
            (Shape::Nested(nesting, inner), _) => {
                for object in objects(*nesting, value) {
                    if let Value::Map(members) = object {
                        fill(inner, members);
                    }
                }
            }
            (Shape::Plain(_), _) => {}
        }
    }
}

/// The objects that a nested attribute holds. Those of a set are left out: they have no defaults.
fn objects(nesting: Nesting, value: &mut Value) -> Vec<&mut Value> {
    match (nesting, value) {
        (Nesting::Single, value) => vec![value],
        (Nesting::List, Value::List(elements)) => elements.iter_mut().collect(),
        (Nesting::Map, Value::Map(members)) => members.values_mut().collect(),
        _ => Vec::new(),
    }
}

/// Keeps the recorded spelling of inputs that mean the same.
fn spelling(draft: &mut Draft<'_>) {
    if let Value::Map(prior) = draft.prior {
        respell(draft.attributes, prior, &mut draft.planned);
    }
}

fn respell(attributes: &Attributes, prior: &BTreeMap<String, Value>, members: &mut BTreeMap<String, Value>) {
    for (name, attribute) in attributes {
        if let (Some(prior), Some(value)) = (prior.get(name), members.get_mut(name)) {
            respell_attribute(attribute, prior, value);
        }
    }
}

fn respell_attribute(attribute: &Attribute, prior: &Value, value: &mut Value) {
    if let Some(same) = attribute.rules.same
        && prior.is_wholly_known()
        && value.is_wholly_known()
        && !prior.is_null()
        && !value.is_null()
        && same(prior, value)
    {
        *value = prior.clone();
        return;
    }
    let Shape::Nested(_, inner) = &attribute.shape else { return };
    match (prior, value) {
        (Value::List(prior), Value::List(elements)) => {
            for (prior, element) in prior.iter().zip(elements) {
                respell_object(inner, prior, element);
            }
        }
        (Value::Map(prior), Value::Map(members)) if is_map(attribute) => {
            for (key, member) in members {
                if let Some(prior) = prior.get(key) {
                    respell_object(inner, prior, member);
                }
            }
        }
        (prior, value) => respell_object(inner, prior, value),
    }
}

fn is_map(attribute: &Attribute) -> bool {
    matches!(attribute.shape, Shape::Nested(Nesting::Map, _))
}

fn respell_object(inner: &Attributes, prior: &Value, value: &mut Value) {
    if let (Value::Map(prior), Value::Map(members)) = (prior, value) {
        respell(inner, prior, members);
    }
}

/// Plans the outputs as the author's preview says; all unknown where it could not run.
fn outputs(draft: &mut Draft<'_>) {
    let mut preview = draft.preview.take();
    for (name, attribute) in draft.attributes {
        if attribute.mode.is_input() {
            continue;
        }
        let said = preview.as_mut().and_then(|preview| preview.remove(name)).unwrap_or(Preview::Unknown);
        let value = match said {
            Preview::Known(value) => value,
            Preview::Keep if !draft.prior.is_null() => draft.prior.member(name).clone(),
            Preview::Keep | Preview::Unknown => Value::UNKNOWN,
        };
        draft.planned.insert(name.clone(), value);
    }
}

/// Collects the attributes that force a new object and differ from the recorded one, in the order of their paths.
fn replacement(draft: &mut Draft<'_>) {
    if let Value::Map(prior) = draft.prior {
        forced(draft.attributes, prior, &draft.planned, &Path::root(), &mut draft.replace);
        draft.replace.sort();
    }
}

fn forced(
    attributes: &Attributes,
    prior: &BTreeMap<String, Value>,
    planned: &BTreeMap<String, Value>,
    path: &Path,
    replace: &mut Vec<Path>,
) {
    for (name, attribute) in attributes {
        let (Some(before), Some(after)) = (prior.get(name), planned.get(name)) else { continue };
        if before == after {
            continue;
        }
        match (&attribute.shape, before, after) {
            _ if attribute.rules.replace => replace.push(path.attribute(name)),
            (Shape::Nested(Nesting::Single, inner), Value::Map(before), Value::Map(after)) => {
                forced(inner, before, after, &path.attribute(name), replace);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::Type;
    use crate::attributes::Field;
    use crate::schema::{Mode, Rules};

    fn attribute(ty: Type, mode: Mode, rules: Rules) -> Attribute {
        Attribute { rules, ..Attribute::new(Shape::Plain(ty), mode, "") }
    }

    /// `directory` (a path), `nested { port = 80 by default, zone forces }`, and the outputs `text` and `id`.
    fn attributes() -> Attributes {
        let rules = |change: fn(&mut Rules)| {
            let mut rules = Rules::default();
            change(&mut rules);
            rules
        };
        let inner = [
            ("port", attribute(Type::Number, Mode::OptionalComputed, rules(|r| r.default = Some(80.into())))),
            ("zone", attribute(Type::String, Mode::Optional, rules(|r| r.replace = true))),
        ];
        let inner = inner.map(|(name, attribute)| (name.to_owned(), attribute));
        [
            ("directory", attribute(Type::String, Mode::Optional, rules(|r| r.same = PathBuf::same()))),
            ("nested", Attribute::new(Shape::Nested(Nesting::Single, inner.into()), Mode::Optional, "")),
            ("text", attribute(Type::String, Mode::Computed, Rules::default())),
            ("id", attribute(Type::String, Mode::Computed, Rules::default())),
        ]
        .map(|(name, attribute)| (name.to_owned(), attribute))
        .into()
    }

    fn object(directory: Value, nested: Value, text: Value) -> Value {
        Value::map([("directory", directory), ("nested", nested), ("text", text), ("id", Value::Null)])
    }

    fn nested(port: Value, zone: Value) -> Value {
        Value::map([("port", port), ("zone", zone)])
    }

    #[track_caller]
    fn check(stage: fn(&mut Draft<'_>), prior: Value, config: Value, expected: &Value, replace: &[&str]) {
        let attributes = attributes();
        let mut draft = Draft::new(&attributes, &prior, &config);
        draft.preview =
            Some([("text".to_owned(), Preview::Known("new".into())), ("id".to_owned(), Preview::Keep)].into());
        stage(&mut draft);
        assert_eq!(&Value::Map(draft.planned), expected);
        assert_eq!(draft.replace.iter().map(ToString::to_string).collect::<Vec<_>>(), replace);
    }

    #[test]
    fn stages_have_names_of_their_own_and_an_order() {
        let names: Vec<_> = INPUTS.iter().chain(OUTPUTS).map(|stage| stage.name).collect();
        assert_eq!(names, ["defaults", "spelling", "outputs", "replacement"]);
    }

    #[test]
    fn defaults_fill_given_objects_only() {
        let given = object(Value::Null, nested(Value::Null, Value::Null), Value::Null);
        let filled = object(Value::Null, nested(80.into(), Value::Null), Value::Null);
        check(defaults, Value::Null, given, &filled, &[]);
        let absent = object(Value::Null, Value::Null, Value::Null);
        check(defaults, Value::Null, absent.clone(), &absent, &[]);
        let zero = object(Value::Null, nested(0.into(), Value::Null), Value::Null);
        check(defaults, Value::Null, zero.clone(), &zero, &[]);
    }

    #[test]
    fn spelling_keeps_what_means_the_same() {
        let prior = object("./a".into(), Value::Null, Value::Null);
        check(spelling, prior.clone(), object("a/".into(), Value::Null, Value::Null), &prior, &[]);
        let other = object("b".into(), Value::Null, Value::Null);
        check(spelling, prior.clone(), other.clone(), &other, &[]);
        let unknown = object(Value::UNKNOWN, Value::Null, Value::Null);
        check(spelling, prior, unknown.clone(), &unknown, &[]);
    }

    #[test]
    fn outputs_are_known_kept_or_unknown() {
        let config = object(Value::Null, Value::Null, Value::Null);
        let mut expected = object(Value::Null, Value::Null, "new".into());
        let set_id = |value: &mut Value, id: Value| {
            if let Value::Map(members) = value {
                members.insert("id".into(), id);
            }
        };
        set_id(&mut expected, Value::UNKNOWN);
        check(outputs, Value::Null, config.clone(), &expected, &[]);
        let mut prior = object(Value::Null, Value::Null, "old".into());
        set_id(&mut prior, "kept".into());
        set_id(&mut expected, "kept".into());
        check(outputs, prior, config, &expected, &[]);
    }

    #[test]
    fn replacement_names_what_forces_it() {
        let prior = object("a".into(), nested(1.into(), "x".into()), Value::Null);
        let planned = object("b".into(), nested(2.into(), "y".into()), Value::Null);
        check(replacement, prior.clone(), planned.clone(), &planned, &["nested.zone"]);
        check(replacement, prior.clone(), prior.clone(), &prior, &[]);
        check(replacement, Value::Null, planned.clone(), &planned, &[]);
    }
}
