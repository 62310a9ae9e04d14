//! What a program declared. Nodes are in the order of their declaration, so each comes after those it refers to.

use std::collections::BTreeMap;
use std::panic::Location;

use framework::declare::{Declaration, Expr, Kind, Node};

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
    /// A component of this type.
    Component(String),
}

impl GraphNode {
    pub(crate) fn declaration(&self) -> Option<&Declaration> {
        match &self.body {
            Body::Declaration(declaration) => Some(declaration),
            Body::Component(_) => None,
        }
    }

    pub(crate) fn is_data(&self) -> bool {
        self.declaration().is_some_and(|declaration| declaration.kind == Kind::DataSource)
    }

    /// `file:line`.
    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.location.file(), self.location.line())
    }

    /// The nodes that must be there before it, each once, sorted.
    pub(crate) fn needs(&self) -> Vec<usize> {
        let mut needs: Vec<usize> = self.parent.into_iter().collect();
        if let Some(declaration) = self.declaration() {
            for input in declaration.inputs.values() {
                input.references(&mut |node, _, _| needs.push(node.0));
            }
            let options = &declaration.options;
            needs.extend(options.depends_on.iter().chain(&options.deleted_with).map(|Node(node)| *node));
        }
        needs.sort_unstable();
        needs.dedup();
        needs
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

    /// For every node, those that must be there before it.
    pub(crate) fn edges(&self) -> Vec<Vec<usize>> {
        self.nodes.iter().map(GraphNode::needs).collect()
    }
}
