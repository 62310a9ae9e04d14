//! Parts of inputs as options name them: `labels["team"]`, `steps[*].image`, `*`.

use std::collections::BTreeSet;

use framework::declare::Declaration;
use framework::{Diagnostic, Diagnostics, Path, Schema, Value};

/// What an option names. The first step is a member of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// The member of this name.
    Member(String),
    /// The element of this number, from 0.
    Element(usize),
    /// Every member or element.
    All,
}

impl Pattern {
    /// Reads what a program writes: names with dots between them, `["any key"]`, `[0]`, and `*` or `[*]` for all.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut steps, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let step;
            (step, rest) = if rest.starts_with('[') { bracket(rest)? } else { name(rest, steps.is_empty())? };
            steps.push(step);
        }
        match steps.first() {
            Some(Step::Member(_) | Step::All) => Ok(Self(steps)),
            _ => Err("the name of an input expected first".to_owned()),
        }
    }

    /// The patterns of an option of a declaration, each of which begins with one of `names`.
    pub(super) fn of(
        option: &str,
        texts: &[String],
        declaration: &Declaration,
        names: &BTreeSet<&str>,
    ) -> Result<Vec<Self>, Diagnostics> {
        let read = |text: &String| {
            let refuse = |summary: String, detail: String| Diagnostics::from(Diagnostic::error(summary, detail));
            let pattern = Self::parse(text).map_err(|reason| {
                let form = "A path such as `name`, `labels[\"team\"]`, `steps[0].image` or `steps[*].image` expected.";
                refuse(format!("`{option}` cannot name {text:?}: {reason}"), form.to_owned())
            })?;
            match pattern.0.first() {
                Some(Step::Member(name)) if !names.contains(name.as_str()) => {
                    let known = names.iter().copied().collect::<Vec<_>>().join(", ");
                    let summary = format!("`{option}` names {name:?}, which {} does not have", declaration.type_name);
                    Err(refuse(summary, format!("It has {known}.")))
                }
                _ => Ok(pattern),
            }
        };
        texts.iter().map(read).collect()
    }

    /// Gives the parts of `config` that it names the values that they have in `recorded`; of the whole, only the members
    /// `names`. Says which of those it reached into.
    pub(super) fn keep<'n>(&self, config: &mut Value, recorded: &Value, names: &BTreeSet<&'n str>) -> Vec<&'n str> {
        let (Some((first, rest)), Value::Map(members)) = (self.0.split_first(), config) else { return Vec::new() };
        let reached: Vec<&str> = names.iter().copied().filter(|name| first.is_member(name)).collect();
        for name in &reached {
            if let Some(member) = members.get_mut(*name) {
                keep(rest, member, recorded.member(name));
            }
        }
        reached
    }

    /// Where the two differ in what it names.
    pub(super) fn differences(&self, before: &Value, after: &Value) -> Vec<Path> {
        let mut found = Vec::new();
        differences(&self.0, before, after, &Path::root(), &mut found);
        found
    }
}

/// The inputs of a type.
pub(super) fn inputs(schema: &Schema) -> BTreeSet<&str> {
    let attributes = schema.block.attributes.iter().filter(|(_, attribute)| attribute.mode.is_input());
    attributes.map(|(name, _)| name.as_str()).chain(schema.block.blocks.keys().map(String::as_str)).collect()
}

/// All attributes of a type.
pub(super) fn attributes(schema: &Schema) -> BTreeSet<&str> {
    schema.block.attributes.keys().chain(schema.block.blocks.keys()).map(String::as_str).collect()
}

fn name(text: &str, first: bool) -> Result<(Step, &str), String> {
    let text = match text.strip_prefix('.') {
        Some(text) if !first => text,
        None if first => text,
        _ => return Err(format!("`.` or `[` expected at {text:?}")),
    };
    let (name, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    match name {
        "" => Err("a name is empty".to_owned()),
        "*" => Ok((Step::All, rest)),
        _ => Ok((Step::Member(name.to_owned()), rest)),
    }
}

fn bracket(text: &str) -> Result<(Step, &str), String> {
    let unclosed = || format!("`[*]`, `[0]` or `[\"key\"]` expected at {text:?}");
    let inner = &text[1..];
    if inner.starts_with('"') {
        let mut keys = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let key = keys.next().and_then(Result::ok).ok_or_else(unclosed)?;
        let rest = inner[keys.byte_offset()..].strip_prefix(']').ok_or_else(unclosed)?;
        return Ok((Step::Member(key), rest));
    }
    let (index, rest) = inner.split_once(']').ok_or_else(unclosed)?;
    let step = if index == "*" { Step::All } else { Step::Element(index.parse().map_err(|_| unclosed())?) };
    Ok((step, rest))
}

fn keep(steps: &[Step], value: &mut Value, recorded: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        value.clone_from(recorded);
        return;
    };
    match (value, recorded) {
        (Value::Map(members), Value::Map(recorded)) => {
            let names: BTreeSet<String> = match step {
                Step::Member(name) => BTreeSet::from([name.clone()]),
                Step::All => members.keys().chain(recorded.keys()).cloned().collect(),
                Step::Element(_) => BTreeSet::new(),
            };
            for name in names {
                match (members.get_mut(&name), recorded.get(&name)) {
                    (Some(member), Some(recorded)) => keep(rest, member, recorded),
                    (Some(_), None) if rest.is_empty() => drop(members.remove(&name)),
                    (None, Some(recorded)) if rest.is_empty() => drop(members.insert(name, recorded.clone())),
                    _ => {}
                }
            }
        }
        (value @ Value::List(_), Value::List(_)) if *step == Step::All && rest.is_empty() => value.clone_from(recorded),
        (Value::List(elements), Value::List(recorded)) => {
            for (index, (element, recorded)) in elements.iter_mut().zip(recorded).enumerate() {
                if *step == Step::All || *step == Step::Element(index) {
                    keep(rest, element, recorded);
                }
            }
        }
        _ => {}
    }
}

fn differences(steps: &[Step], before: &Value, after: &Value, path: &Path, found: &mut Vec<Path>) {
    if before == after {
        return;
    }
    match (steps.split_first(), before, after) {
        (Some((step, rest)), Value::Map(_) | Value::Null, Value::Map(_) | Value::Null) => {
            let members = [before, after].into_iter().filter_map(Value::as_map).flat_map(|members| members.keys());
            for name in members.collect::<BTreeSet<_>>().into_iter().filter(|name| step.is_member(name)) {
                let path = path.attribute(name.clone());
                differences(rest, before.member(name), after.member(name), &path, found);
            }
        }
        (Some((step, rest)), Value::List(_) | Value::Null, Value::List(_) | Value::Null) => {
            let [before, after] = [before, after].map(|value| value.as_elements().unwrap_or_default());
            for index in (0..before.len().max(after.len())).filter(|index| step.is_element(*index)) {
                let part = |elements: &[Value]| elements.get(index).cloned().unwrap_or(Value::Null);
                differences(rest, &part(before), &part(after), &path.index(index as u64), found);
            }
        }
        _ => found.push(path.clone()),
    }
}

impl Step {
    fn is_member(&self, name: &str) -> bool {
        matches!(self, Self::All) || matches!(self, Self::Member(member) if member == name)
    }

    fn is_element(&self, index: usize) -> bool {
        matches!(self, Self::All) || matches!(self, Self::Element(element) if *element == index)
    }
}
