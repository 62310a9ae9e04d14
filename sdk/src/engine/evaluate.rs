//! What the inputs of a node are, as far as it is known.

use std::collections::{BTreeMap, BTreeSet};

use framework::declare::{ComputeError, Declaration, Expr, Node, Resolved};
use framework::host::config_value;
use framework::{Diagnostic, Diagnostics, Path, Schema, Step, Value};

use super::{Engine, Given, Results};
use crate::state::{Reference, ReferenceKind};

/// The inputs of a node.
#[derive(Debug, Clone)]
pub(crate) struct Evaluated {
    /// The whole configuration; may hold unknowns.
    pub(crate) config: Value,
    /// The inputs that hold secrets.
    pub(crate) secrets: BTreeSet<String>,
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
            if resolved.secret {
                secrets.insert(name.clone());
            }
            members.insert(name.clone(), resolved.value);
        }
        Ok(Evaluated { config: config_value(schema, members)?, secrets })
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
