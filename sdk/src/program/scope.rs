//! What a program is handed: everything that it declares goes through here.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::Arc;

use framework::attributes::{Attributes, Field};
use framework::declare::{Declaration, Declare, Declares, Expr, Node, Resolved};
use framework::{Diagnostic, Diagnostics, Input, Output, Path, Value, json};

use super::graph::{Body, Graph, GraphNode};
use crate::StackId;

/// What a program may ask for while it declares.
pub(crate) trait World: Send + Sync {
    /// Reads a data source with a constant configuration.
    fn read(&self, declaration: &Declaration, members: BTreeMap<String, Value>) -> Result<Value, Diagnostics>;

    /// What another stack exported.
    fn export(&self, stack: &str, name: &str) -> Result<serde_json::Value, String>;
}

/// What surrounds a program.
pub(crate) struct Surroundings {
    pub(crate) id: StackId,
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) world: Arc<dyn World>,
}

type Transform = Arc<dyn Fn(&mut Declaration) + Send + Sync>;

/// Collects what a program declares.
pub struct Scope {
    graph: Graph,
    taken: BTreeSet<String>,
    /// The component that is being declared, and its path, such as `web/`.
    component: Option<usize>,
    path: String,
    transforms: Vec<Transform>,
    surroundings: Surroundings,
}

impl Scope {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self {
            graph: Graph::default(),
            taken: BTreeSet::new(),
            component: None,
            path: String::new(),
            transforms: Vec::new(),
            surroundings,
        }
    }

    pub(crate) fn finish(self) -> Graph {
        self.graph
    }

    /// The stack that is declared: its name tells environments apart.
    pub fn stack(&self) -> &str {
        self.surroundings.id.stack()
    }

    /// A setting of this stack.
    pub fn config(&self, key: &str) -> super::Result<String> {
        let missing = || {
            format!(
                "stack {} has no setting {key:?}: give it as `--config {key}=...`, or in devopsflow.{}.toml",
                self.surroundings.id,
                self.stack()
            )
        };
        Ok(self.config_opt(key).ok_or_else(missing)?)
    }

    /// A setting of this stack, if it has it.
    pub fn config_opt(&self, key: &str) -> Option<String> {
        self.surroundings.config.get(key).cloned()
    }

    /// A setting of this stack that is never shown and recorded only sealed.
    pub fn secret(&self, key: &str) -> super::Result<Output<String>> {
        Ok(Output::known(&self.config(key)?).secret())
    }

    /// Exports a value under a name, for users and other stacks.
    pub fn export<T>(&mut self, name: impl Into<String>, value: impl Into<Input<T>>) {
        self.graph.exports.insert(name.into(), value.into().into_expr());
    }

    /// What another stack of this project exported. Read at once, and fixed from then on.
    pub fn stack_export<T: Field>(&self, stack: &str, name: &str) -> super::Result<Output<T>> {
        let found = self.surroundings.world.export(stack, name)?;
        let value = json::from_json(&found, &T::shape().ty())
            .map_err(|error| format!("export {name:?} of stack {stack:?}: {error}"))?;
        Ok(Output::from_expr(Expr::Constant(value)))
    }

    /// Reads a data source whose inputs are constants, at once: what a program must branch on.
    ///
    /// # Errors
    /// Also when an input refers to what another declaration gives.
    pub fn lookup<D: Declares>(&mut self, data: D) -> super::Result<D::Outputs> {
        let declaration = data.into_declaration();
        let place = || format!("{}.{} ({})", declaration.type_name, declaration.name, declaration.location);
        let mut members = BTreeMap::new();
        for (name, input) in &declaration.inputs {
            let mut constant = true;
            input.references(&mut |_, _, _| constant = false);
            if !constant {
                let text = format!(
                    "{}: `{name}` refers to another declaration, and `lookup` reads at once; use `add` instead",
                    place()
                );
                return Err(text.into());
            }
            let unknown = |_: Node, _: &Path| Resolved::from(Value::UNKNOWN);
            members.insert(name.clone(), input.resolve(&unknown)?.value);
        }
        let found = self.surroundings.world.read(&declaration, members);
        let found = found.map_err(|error| format!("{}: {error}", place()))?;
        Ok(<D::Outputs as Attributes>::from_object(&found, &Path::root())?)
    }

    /// Changes every declaration from here on, in this scope and below: adds an option, or an input.
    pub fn transform(&mut self, change: impl Fn(&mut Declaration) + Send + Sync + 'static) {
        self.transforms.push(Arc::new(change));
    }

    /// Declares a component: a name under which `declare` declares its parts.
    #[track_caller]
    pub fn component<T>(
        &mut self,
        type_name: impl Into<String>,
        name: &str,
        declare: impl FnOnce(&mut Self) -> super::Result<T>,
    ) -> super::Result<T> {
        let location = Location::caller();
        let node = self.node(format!("{}{name}", self.path), name, Body::Component(type_name.into()), location)?;
        let path = format!("{}{name}/", self.path);
        let (outside, above) = (self.component.replace(node.0), std::mem::replace(&mut self.path, path));
        let transforms = self.transforms.len();
        let declared = declare(self);
        (self.component, self.path) = (outside, above);
        self.transforms.truncate(transforms);
        declared
    }

    fn node(
        &mut self,
        address: String,
        name: &str,
        body: Body,
        location: &'static Location<'static>,
    ) -> Result<Node, Diagnostics> {
        let error = |summary: &str, detail: String| {
            let place = format!("{}:{}", location.file(), location.line());
            Diagnostics::from(Diagnostic::error(format!("{place}: {summary}"), detail))
        };
        let plain = |c: char| c.is_alphanumeric() || "-_.:@".contains(c);
        if name.is_empty() || name.len() > 200 || !name.chars().all(plain) {
            let detail = "1 to 200 letters, digits and -_.:@ expected.".to_owned();
            return Err(error(&format!("{name:?} cannot be a name"), detail));
        }
        if !self.taken.insert(address.clone()) {
            let first = self.graph.nodes.iter().find(|node| node.address == address);
            let first = first.map_or_else(String::new, GraphNode::location);
            return Err(error(&format!("{address} is declared twice"), format!("It is also declared at {first}.")));
        }
        self.graph.nodes.push(GraphNode { address, parent: self.component, body, location });
        Ok(Node(self.graph.nodes.len() - 1))
    }
}

impl Declare for Scope {
    fn declare(&mut self, mut declaration: Declaration) -> Result<Node, Diagnostics> {
        for transform in &self.transforms {
            transform(&mut declaration);
        }
        let (name, location) = (declaration.name.clone(), declaration.location);
        let address = format!("{}{}.{name}", self.path, declaration.type_name);
        self.node(address, &name, Body::Declaration(Box::new(declaration)), location)
    }
}
