//! What a program declared. Nodes are in the order of their declaration, so each comes after those it refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use framework::Step;
use framework::declare::{Declaration, Expr, Node};

/// What a program declared.
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) nodes: Vec<GraphNode>,
    pub(crate) exports: BTreeMap<String, Expr>,
}

/// One declaration.
#[derive(Debug)]
pub(crate) struct GraphNode {
    /// Its address, unique in the graph.
    pub(crate) address: String,
    /// The component that it belongs to.
    pub(crate) parent: Option<usize>,
    /// What it is.
    pub(crate) body: Body,
    /// Where it is declared.
    pub(crate) location: &'static Location<'static>,
}

/// What is declared.
#[derive(Debug)]
pub(crate) enum Body {
    Declaration(Box<Declaration>),
    /// A component.
    Component {
        /// Its type.
        type_name: String,
        /// Names or addresses that it had before.
        aliases: Vec<String>,
    },
}

impl GraphNode {
    pub(crate) fn declaration(&self) -> Option<&Declaration> {
        match &self.body {
            Body::Declaration(declaration) => Some(declaration),
            Body::Component { .. } => None,
        }
    }

    /// Its type.
    pub(crate) fn type_name(&self) -> &str {
        match &self.body {
            Body::Declaration(declaration) => declaration.type_name,
            Body::Component { type_name, .. } => type_name,
        }
    }

    /// Names or addresses that it had before.
    pub(crate) fn aliases(&self) -> &[String] {
        match &self.body {
            Body::Declaration(declaration) => &declaration.options.aliases,
            Body::Component { aliases, .. } => aliases,
        }
    }

    /// `file:line`.
    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.location.file(), self.location.line())
    }
}

impl Graph {
    /// The addresses of all that is declared, in the order of their declaration.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.address.as_str())
    }

    /// The declaration at an address; none for a component.
    pub fn declaration(&self, address: &str) -> Option<&Declaration> {
        self.nodes.iter().find(|node| node.address == address)?.declaration()
    }

    /// For every node, the attributes of it that others and exports refer to; none when they refer to all of it.
    pub(crate) fn uses(&self) -> Vec<Option<BTreeSet<String>>> {
        let mut uses = vec![Some(BTreeSet::new()); self.nodes.len()];
        let declarations = self.nodes.iter().filter_map(GraphNode::declaration);
        for expr in declarations.flat_map(|declaration| declaration.inputs.values()).chain(self.exports.values()) {
            expr.references(&mut |node, path, _| match path.steps().first() {
                Some(Step::Attribute(name)) => drop(uses[node.0].as_mut().map(|uses| uses.insert(name.clone()))),
                _ => uses[node.0] = None,
            });
        }
        uses
    }

    /// For every node, those that must be there before it: each once, sorted.
    pub(crate) fn edges(&self) -> Vec<Vec<usize>> {
        self.nodes.iter().map(|node| self.needs(node)).collect()
    }

    fn needs(&self, node: &GraphNode) -> Vec<usize> {
        let mut needs: Vec<usize> = node.parent.into_iter().collect();
        if let Some(declaration) = node.declaration() {
            for input in declaration.inputs.values() {
                input.references(&mut |node, _, _| needs.push(node.0));
            }
            needs.extend(self.depends_on(declaration));
            needs.extend(declaration.options.deleted_with.map(|Node(node)| node));
        }
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    /// What a declaration says that it depends on; a component stands for itself and all its parts.
    pub(crate) fn depends_on(&self, declaration: &Declaration) -> impl Iterator<Item = usize> {
        let parts = move |Node(node): &Node| {
            let node = *node;
            let is_component = self.nodes[node].declaration().is_none();
            // Parts are declared after their component.
            let parts = (node + 1..self.nodes.len()).filter(move |part| is_component && self.lies_in(*part, node));
            std::iter::once(node).chain(parts)
        };
        declaration.options.depends_on.iter().flat_map(parts)
    }

    /// Whether a node is a part of this component, at any depth.
    pub(crate) fn lies_in(&self, node: usize, component: usize) -> bool {
        let parent = |node: &usize| self.nodes[*node].parent;
        std::iter::successors(parent(&node), parent).any(|parent| parent == component)
    }
}
