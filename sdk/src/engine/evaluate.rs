//! What the inputs of a node are, as far as it is known.

use std::collections::{BTreeMap, BTreeSet};

use framework::declare::{ComputeError, Declaration, Expr, Node, Resolved};
use framework::host::config_value;
use framework::{Diagnostic, Diagnostics, Path, Schema, Step, Value};
use serde_json::Value as Json;

use super::load::{known_members, spread};
use super::pattern::{self, Pattern};
use super::{Engine, Given, Results};
use crate::secrets::MARK;
use crate::state::{Reference, ReferenceKind, Resource};

/// The inputs of a node.
#[derive(Debug, Clone)]
pub(crate) struct Evaluated {
    /// The whole configuration; may hold unknowns.
    pub(crate) config: Value,
    /// The inputs that hold secrets.
    pub(crate) secrets: BTreeSet<String>,
    /// The inputs that reach the provider and are recorded nowhere.
    pub(crate) write_only: BTreeSet<String>,
}

impl Evaluated {
    /// What may be recorded of the configuration, as far as it is known.
    pub(crate) fn recorded(&self) -> BTreeMap<String, Json> {
        let mut members = known_members(&self.config);
        members.retain(|name, _| !self.write_only.contains(name));
        members
    }
}

/// The part of what a node gives that a reference names.
fn part(given: &Given, path: &Path) -> Resolved {
    let first = path.steps().first();
    let secret = match first {
        Some(Step::Attribute(name)) => given.secrets.contains(name),
        _ => !given.secrets.is_empty(),
    };
    let mut value = &given.value;
    for step in path.steps() {
        value = match (step, value) {
            (_, Value::Unknown(_)) => return Resolved { value: Value::UNKNOWN, secret },
            (Step::Attribute(name) | Step::Key(name), Value::Map(members)) => members.get(name).unwrap_or(&Value::Null),
            (Step::Index(index), Value::List(elements)) => {
                usize::try_from(*index).ok().and_then(|index| elements.get(index)).unwrap_or(&Value::Null)
            }
            _ => &Value::Null,
        };
    }
    Resolved { value: value.clone(), secret }
}

/// Whether any map in the value could be taken for a sealed secret.
pub(super) fn reserved(value: &Value) -> bool {
    match value {
        Value::Map(members) => (members.len() == 1 && members.contains_key(MARK)) || members.values().any(reserved),
        Value::List(elements) | Value::Set(elements) => elements.iter().any(reserved),
        Value::Dynamic(typed) => reserved(&typed.1),
        _ => false,
    }
}

impl Engine {
    /// The value of an expression, with what the nodes gave so far.
    pub(crate) fn resolve(results: &Results, expr: &Expr) -> Result<Resolved, ComputeError> {
        let lookup = |node: Node, path: &Path| {
            results[node.0].get().map_or_else(|| Resolved::from(Value::UNKNOWN), |given| part(given, path))
        };
        expr.resolve(&lookup)
    }

    /// The configuration of a declaration under this schema.
    pub(crate) fn evaluate(
        results: &Results,
        declaration: &Declaration,
        schema: &Schema,
    ) -> Result<Evaluated, Diagnostics> {
        let mut secrets = BTreeSet::new();
        let mut members = BTreeMap::new();
        for (name, input) in &declaration.inputs {
            let resolved = Self::resolve(results, input).map_err(|error| {
                let detail = format!("The function of an input failed: {error}.");
                Diagnostic::error("The input has no value", detail).at(Path::of(name))
            })?;
            if reserved(&resolved.value) {
                let summary = format!("It holds a map with the single member `{MARK}`");
                let detail = "This is how sealed secrets are written in states. Give the member another name.";
                return Err(Diagnostic::error(summary, detail).at(Path::of(name)).into());
            }
            if resolved.secret {
                secrets.insert(name.clone());
            }
            members.insert(name.clone(), resolved.value);
        }
        Ok(Evaluated { config: config_value(schema, members)?, secrets, write_only: BTreeSet::new() })
    }

    /// The inputs of a resource: as they are declared, but for those whose changes are passed over.
    pub(super) async fn inputs(
        &self,
        declaration: &Declaration,
        prior: Option<&Resource>,
        results: &Results,
    ) -> Result<Evaluated, Diagnostics> {
        let (schema, info) = self.providers.of(declaration)?.resource(declaration.type_name)?;
        let mut evaluated = Self::evaluate(results, declaration, schema)?;
        evaluated.write_only.clone_from(&info.write_only);
        let given = |name: &&String| declaration.inputs.contains_key(*name);
        evaluated.secrets.extend(info.sensitive.iter().filter(given).cloned());
        if !declaration.options.ignore_changes.is_empty() {
            let recorded = match prior {
                Some(prior) => Some(self.value(prior, &info.ty, |_| true).await?),
                None => None,
            };
            pass_over(declaration, schema, recorded.filter(|(value, _)| !value.is_null()), &mut evaluated)?;
        }
        self.learn(&evaluated.config, &evaluated.secrets);
        spread(&evaluated.config, &mut evaluated.secrets);
        Ok(evaluated)
    }

    /// What an input of a node was made of.
    pub(crate) fn references(&self, input: &Expr) -> Vec<Reference> {
        let mut references = Vec::new();
        input.references(&mut |node, path, direct| {
            references.push(Reference {
                address: self.graph.nodes[node.0].address.clone(),
                path: path.to_string(),
                kind: if direct { ReferenceKind::Direct } else { ReferenceKind::Code },
            });
        });
        references.sort();
        references.dedup();
        references
    }
}

/// Gives the inputs whose changes are passed over the values that are recorded, with what of them is secret.
fn pass_over(
    declaration: &Declaration,
    schema: &Schema,
    recorded: Option<(Value, BTreeSet<String>)>,
    evaluated: &mut Evaluated,
) -> Result<(), Diagnostics> {
    let names = pattern::inputs(schema);
    let patterns = Pattern::of("ignore_changes", &declaration.options.ignore_changes, declaration, &names)?;
    let Some((recorded, secrets)) = recorded else { return Ok(()) };
    for pattern in patterns {
        let reached = pattern.keep(&mut evaluated.config, &recorded, &names);
        let secret = reached.into_iter().filter(|name| secrets.contains(*name));
        evaluated.secrets.extend(secret.map(str::to_owned));
    }
    Ok(())
}
