//! What a program declares, to be looked at.

use std::collections::BTreeMap;
use std::fmt;

use framework::Value;
use framework::declare::{Options, Resolved};

use crate::Error;
use crate::engine::Engine;
use crate::engine::export::Export;
use crate::engine::preview::Preview;

/// What a program declares.
#[derive(Debug, Clone)]
pub struct Declared {
    resources: BTreeMap<String, Resource>,
    exports: BTreeMap<String, Given>,
}

/// A resource, data source or component that a program declares.
#[derive(Debug, Clone)]
pub struct Resource {
    address: String,
    type_name: String,
    inputs: BTreeMap<String, Given>,
    outputs: BTreeMap<String, Given>,
    dependencies: Vec<String>,
    options: Options,
    location: String,
}

/// A value, as far as it is known.
///
/// It is compared with what is expected: `assert_eq!(given, "text")`, and so with numbers, booleans and [`Value`]s. A secret
/// is compared with what it hides, and printed without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    value: Value,
    secret: bool,
}

impl Declared {
    pub(super) fn of(engine: &Engine, preview: Preview) -> Result<Self, Error> {
        let Some(results) = preview.results.filter(|_| preview.problems.is_empty()) else {
            return Err(Error::Refused(preview.problems));
        };
        let (exports, problems) = engine.exports(&results);
        if !problems.is_empty() {
            return Err(Error::Refused(problems));
        }
        let exports =
            exports.into_iter().map(|Export { name, value, secret }| (name, Given { value, secret })).collect();
        let mut resources = BTreeMap::new();
        for (node, graph_node) in engine.graph.nodes.iter().enumerate() {
            let declaration = graph_node.declaration();
            let inputs = declaration.into_iter().flat_map(|declaration| &declaration.inputs);
            let inputs =
                inputs.filter_map(|(name, input)| Some((name.clone(), Engine::resolve(&results, input).ok()?.into())));
            let outputs = results[node].get().into_iter().flat_map(|given| {
                let members = given.value.as_map().into_iter().flatten();
                let secret = |name: &String| given.secrets.contains(name);
                members.map(move |(name, value)| (name.clone(), Given { value: value.clone(), secret: secret(name) }))
            });
            let needs = engine.edges[node].iter().map(|needed| engine.graph.nodes[*needed].address.clone());
            let resource = Resource {
                address: graph_node.address.clone(),
                type_name: graph_node.type_name().to_owned(),
                inputs: inputs.collect(),
                outputs: outputs.collect(),
                dependencies: needs.collect(),
                options: declaration.map(|declaration| declaration.options.clone()).unwrap_or_default(),
                location: graph_node.location(),
            };
            resources.insert(resource.address.clone(), resource);
        }
        Ok(Self { resources, exports })
    }

    /// All that is declared, by address.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// What is declared of a type, which is that of a resource, a data source or a component.
    pub fn of_type(&self, type_name: &str) -> impl Iterator<Item = &Resource> {
        self.resources().filter(move |resource| resource.type_name == type_name)
    }

    /// What is declared at an address, such as `web/devopsflow_pipeline.ci`.
    ///
    /// # Panics
    /// Nothing is; the message says what is declared.
    #[track_caller]
    pub fn resource(&self, address: &str) -> &Resource {
        let known = || self.resources.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.resources.get(address).unwrap_or_else(|| panic!("{address} is not declared; there is {}", known()))
    }

    /// What is exported under a name.
    ///
    /// # Panics
    /// Nothing is; the message says what is exported.
    #[track_caller]
    pub fn export(&self, name: &str) -> &Given {
        let known = || self.exports.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.exports.get(name).unwrap_or_else(|| panic!("{name} is not exported; there is {}", known()))
    }
}

impl Resource {
    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its type.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// An input that it is given.
    ///
    /// # Panics
    /// It is not given; the message says what is.
    #[track_caller]
    pub fn input(&self, name: &str) -> &Given {
        let known = || self.inputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.inputs.get(name).unwrap_or_else(|| {
            panic!("{} ({}) is not given {name}, but {}", self.address, self.location, known());
        })
    }

    /// The inputs that it is given, by name.
    pub fn inputs(&self) -> &BTreeMap<String, Given> {
        &self.inputs
    }

    /// What it gives, its inputs and their defaults included. Outputs are unknown before `up`.
    ///
    /// # Panics
    /// It does not give that; the message says what it gives.
    #[track_caller]
    pub fn output(&self, name: &str) -> &Given {
        let known = || self.outputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.outputs.get(name).unwrap_or_else(|| panic!("{} does not give {name}, but {}", self.address, known()))
    }

    /// The addresses of what it was declared with: what its inputs refer to, its component, and what its options name.
    pub fn dependencies(&self) -> &[String] {
        &self.dependencies
    }

    /// How it is managed, such as whether it is protected.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

impl Given {
    /// The value; parts of it may be unknown.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it is known to its last part.
    pub fn is_known(&self) -> bool {
        self.value.is_wholly_known()
    }

    /// Whether it, or a part of it, is unknown.
    pub fn is_unknown(&self) -> bool {
        !self.is_known()
    }

    /// Whether it is never shown, and recorded only sealed.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// A member of a map or object; null when it has none of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        Self { value: self.value.member(name).clone(), secret: self.secret }
    }

    /// An element of a list; null when there is none at that position.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        let element = self.value.as_elements().and_then(|elements| elements.get(index));
        Self { value: element.cloned().unwrap_or(Value::Null), secret: self.secret }
    }
}

impl From<Resolved> for Given {
    fn from(Resolved { value, secret }: Resolved) -> Self {
        Self { value, secret }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret { f.write_str("(secret)") } else { self.value.fmt(f) }
    }
}

impl PartialEq<str> for Given {
    fn eq(&self, other: &str) -> bool {
        self.value.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Given {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<bool> for &Given {
    fn eq(&self, other: &bool) -> bool {
        **self == *other
    }
}

impl PartialEq<i64> for &Given {
    fn eq(&self, other: &i64) -> bool {
        **self == *other
    }
}

impl PartialEq<Value> for &Given {
    fn eq(&self, other: &Value) -> bool {
        **self == *other
    }
}

impl PartialEq<bool> for Given {
    fn eq(&self, other: &bool) -> bool {
        self.value == Value::Bool(*other)
    }
}

impl PartialEq<i64> for Given {
    fn eq(&self, other: &i64) -> bool {
        self.value == Value::from(*other)
    }
}

impl PartialEq<Value> for Given {
    fn eq(&self, other: &Value) -> bool {
        self.value == *other
    }
}
