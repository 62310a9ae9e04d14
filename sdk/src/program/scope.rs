//! What a program is handed: everything that it declares goes through here.

mod settings;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::Arc;

use framework::attributes::{Attributes, Field};
use framework::declare::{Declaration, Declare, Declares, Expr, Kind, Node};
use framework::{Diagnostic, Diagnostics, Input, Output, Path, Value, json};

use super::graph::{Body, Graph, GraphNode};
use super::instance::constant;
use crate::StackId;
use crate::providers::{Providers, Spec};
use crate::secrets::Sealed;

pub(crate) use settings::Setting;

/// What a program may ask for while it declares.
pub(crate) trait World: Send + Sync {
    /// Reads a data source with a constant configuration.
    fn read(&self, declaration: &Declaration, members: BTreeMap<String, Value>) -> Result<Value, Diagnostics>;

    /// Starts a provider instance.
    fn start_provider(&self, name: &str, spec: Spec) -> Result<(), String>;

    /// What another stack exported, and whether it is secret.
    fn export(&self, stack: &str, name: &str) -> Result<(serde_json::Value, bool), String>;

    /// Opens a sealed setting.
    fn open_setting(&self, key: &str, sealed: &Sealed) -> Result<String, String>;

    /// Takes this out of all texts from now on.
    fn learn(&self, secret: &str);
}

/// What surrounds a program.
pub(crate) struct Surroundings {
    pub(crate) id: StackId,
    pub(crate) config: BTreeMap<String, Setting>,
    pub(crate) seed: u64,
    pub(crate) world: Arc<dyn World>,
}

type Transform = Arc<dyn Fn(&mut Declaration) + Send + Sync>;

/// Collects what a program declares.
///
/// ```
/// use devopsflow::{Language, Pipeline, Platform, Project, Result, Scope, format_output};
///
/// fn declare(scope: &mut Scope) -> Result<()> {
///     // What differs between stacks is a setting, or depends on the name of the stack.
///     let branch = scope.config_opt("branch").unwrap_or_else(|| "main".to_owned());
///     // What is needed to decide what is declared is looked up.
///     let code = scope.lookup(Project::new("code", "."))?;
///     let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python)
///         .working_directory(code.component_directory)
///         .variables([("BRANCH", branch)])
///         .add(scope)?;
///     // Outputs are exported, for users and for other stacks.
///     scope.export("note", format_output!("{} of {}", ci.path, scope.stack()));
///     Ok(())
/// }
/// ```
pub struct Scope {
    graph: Graph,
    taken: BTreeSet<String>,
    /// The component that is being declared, and its path, such as `web/`.
    component: Option<usize>,
    path: String,
    transforms: Vec<Transform>,
    /// The provider instances that were declared, and of which provider each is.
    instances: BTreeMap<String, String>,
    /// The instances that manage what names none, the innermost last.
    chosen: Vec<String>,
    surroundings: Surroundings,
    /// The sealed setting that was asked for as if it were plain.
    misused: OnceCell<String>,
}

impl Scope {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self {
            graph: Graph::default(),
            taken: BTreeSet::new(),
            component: None,
            path: String::new(),
            transforms: Vec::new(),
            instances: BTreeMap::new(),
            chosen: Vec::new(),
            surroundings,
            misused: OnceCell::new(),
        }
    }

    /// What was declared.
    ///
    /// # Errors
    /// A sealed setting was read as a plain one that may be missing.
    pub(crate) fn finish(self) -> super::Result<Graph> {
        match self.misused.get() {
            Some(key) => Err(self.is_secret(key).into()),
            None => Ok(self.graph),
        }
    }

    /// Exports a value under a name, for users and other stacks.
    pub fn export<T>(&mut self, name: impl Into<String>, value: impl Into<Input<T>>) {
        self.graph.exports.insert(name.into(), value.into().into_expr());
    }

    /// What another stack of this project exported. Read at once, and fixed from then on. What is secret there is secret here,
    /// and opened with the other stack's key.
    ///
    /// ```
    /// # use devopsflow::{Result, Scope};
    /// fn production(scope: &mut Scope) -> Result<()> {
    ///     let release = scope.stack_export::<String>("staging", "release")?;
    ///     scope.export("release", release);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The stack does not exist, does not export this, or exports another type; a secret does not open.
    pub fn stack_export<T: Field>(&self, stack: &str, name: &str) -> super::Result<Output<T>> {
        let (found, secret) = self.surroundings.world.export(stack, name)?;
        let value = json::from_json(&found, &T::shape().ty())
            .map_err(|error| format!("export {name:?} of stack {stack:?}: {error}"))?;
        let output = Output::from_expr(Expr::Constant(value));
        Ok(if secret { output.secret() } else { output })
    }

    /// Reads a data source whose inputs are constants, at once: what a program must branch on.
    ///
    /// ```
    /// # use devopsflow::{Language, Pipeline, Platform, Project, Result, Scope};
    /// fn declare(scope: &mut Scope) -> Result<()> {
    ///     let code = scope.lookup(Project::new("code", "."))?;
    ///     if !code.delivery.dockerfiles.is_empty() {
    ///         Pipeline::new("ci", Platform::GithubActions, Language::Python).add(scope)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Also when an input refers to what another declaration gives, or is secret.
    pub fn lookup<D: Declares>(&mut self, data: D) -> super::Result<D::Outputs> {
        let found = self.read_now(data.into_declaration())?;
        Ok(<D::Outputs as Attributes>::from_object(&found, &Path::root())?)
    }

    pub(super) fn read_now(&mut self, mut declaration: Declaration) -> super::Result<Value> {
        self.choose_provider(&mut declaration);
        let place = || {
            let Declaration { type_name, name, location, .. } = &declaration;
            format!("data.{type_name}.{name} ({}:{})", location.file(), location.line())
        };
        let mut members = BTreeMap::new();
        for (name, input) in &declaration.inputs {
            let resolved = constant(input);
            let resolved = resolved.map_err(|detail| format!("{}: `{name}` {detail} `add` takes others.", place()))?;
            if resolved.secret {
                let detail = "is secret, and what is read at once is not hidden: `add` takes it.";
                return Err(format!("{}: `{name}` {detail}", place()).into());
            }
            members.insert(name.clone(), resolved.value);
        }
        let found = self.surroundings.world.read(&declaration, members);
        Ok(found.map_err(|error| format!("{}: {error}", place()))?)
    }

    /// Has the instance of this name, which is declared, manage everything of its provider's types that `declare` declares
    /// and that names no other: components and their parts as well.
    ///
    /// # Errors
    /// The instance is not declared; what `declare` gives.
    pub fn with_provider<T>(
        &mut self,
        instance: &str,
        declare: impl FnOnce(&mut Self) -> super::Result<T>,
    ) -> super::Result<T> {
        if !self.instances.contains_key(instance) {
            return Err(format!("no provider instance {instance:?}: declare it first, with `ProviderInstance`").into());
        }
        self.chosen.push(instance.to_owned());
        let declared = declare(self);
        self.chosen.pop();
        declared
    }

    /// Gives a declaration that names no instance the one that was chosen for its type, if one was.
    fn choose_provider(&self, declaration: &mut Declaration) {
        let kind = Providers::name_of(declaration);
        if declaration.options.provider.is_none() {
            let chosen = self.chosen.iter().rev().find(|name| self.instances.get(*name).is_some_and(|of| of == kind));
            declaration.options.provider = chosen.cloned();
        }
    }

    pub(super) fn start_provider(&mut self, name: &str, spec: Spec) -> Result<(), String> {
        let kind = spec.kind.clone();
        self.surroundings.world.start_provider(name, spec)?;
        self.instances.insert(name.to_owned(), kind);
        Ok(())
    }

    /// Changes every declaration from here on, in this scope and in the components below: adds an option, or an input.
    ///
    /// ```
    /// # use devopsflow::{Result, Scope};
    /// # fn declare(scope: &mut Scope) -> Result<()> {
    /// scope.transform(|declaration| declaration.options.protect |= declaration.type_name == "devopsflow_rollout");
    /// # Ok(()) }
    /// ```
    pub fn transform(&mut self, change: impl Fn(&mut Declaration) + Send + Sync + 'static) {
        self.transforms.push(Arc::new(change));
    }

    /// Declares a component: a name under which `declare` declares its parts. Their addresses begin with it, such as
    /// `web/devopsflow_pipeline.ci`. `type_name` says what it is, in messages and in the state.
    ///
    /// ```
    /// # use devopsflow::{Language, Output, Pipeline, Platform, Result, Scope};
    /// #[track_caller]
    /// fn service(scope: &mut Scope, name: &str) -> Result<Output<String>> {
    ///     scope.component("shop:Service", name, |scope| {
    ///         let ci = Pipeline::new("ci", Platform::GithubActions, Language::Python).name(name).add(scope)?;
    ///         Ok(ci.path)
    ///     })
    /// }
    ///
    /// fn declare(scope: &mut Scope) -> Result<()> {
    ///     let web = service(scope, "web")?;
    ///     let api = service(scope, "api")?;
    ///     scope.export("paths", Output::all([web, api]));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of `declare`, and a name that is taken or cannot be one.
    #[track_caller]
    pub fn component<T>(
        &mut self,
        type_name: impl Into<String>,
        name: &str,
        declare: impl FnOnce(&mut Self) -> super::Result<T>,
    ) -> super::Result<T> {
        let location = Location::caller();
        let body = Body::Component { type_name: type_name.into(), aliases: Vec::new() };
        let node = self.node(format!("{}{name}", self.path), name, body, location)?;
        let path = format!("{}{name}/", self.path);
        let (outside, above) = (self.component.replace(node.0), std::mem::replace(&mut self.path, path));
        let transforms = self.transforms.len();
        let declared = declare(self);
        (self.component, self.path) = (outside, above);
        self.transforms.truncate(transforms);
        declared
    }

    /// The component that is being declared: something for others to depend on, which then wait for all its parts.
    ///
    /// # Errors
    /// Outside of a component.
    pub fn parent(&self) -> super::Result<Node> {
        Ok(Node(self.component.ok_or("there is no component here: `parent` is of use within `Scope::component`")?))
    }

    /// The component that is being declared had this name, or this address, before; so its parts had other addresses.
    ///
    /// # Errors
    /// Outside of a component.
    pub fn alias(&mut self, former: impl Into<String>) -> super::Result<()> {
        let Node(component) = self.parent()?;
        if let Body::Component { aliases, .. } = &mut self.graph.nodes[component].body {
            aliases.push(former.into());
        }
        Ok(())
    }

    /// Refuses references to what is not declared here, and to the component around.
    fn check_references(&self, declaration: &Declaration) -> Result<(), String> {
        let options = &declaration.options;
        let mut referred: Vec<usize> =
            options.depends_on.iter().chain(&options.deleted_with).map(|Node(node)| *node).collect();
        let mut around = std::iter::successors(self.component, |node| self.graph.nodes[*node].parent);
        if let Some(component) = around.find(|component| referred.contains(component)) {
            let component = &self.graph.nodes[component].address;
            return Err(format!("It is a part of {component} and cannot depend on it: that waits for all its parts."));
        }
        declaration.inputs.values().for_each(|input| input.references(&mut |Node(node), _, _| referred.push(node)));
        if referred.iter().any(|node| *node >= self.graph.nodes.len()) {
            return Err("It refers to something that this run of the program did not declare.".to_owned());
        }
        Ok(())
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
        if let Body::Declaration(declaration) = &body {
            self.check_references(declaration)
                .map_err(|detail| error(&format!("{address} cannot be declared"), detail))?;
        }
        self.graph.nodes.push(GraphNode { address, parent: self.component, body, location });
        Ok(Node(self.graph.nodes.len() - 1))
    }
}

impl Declare for Scope {
    fn declare(&mut self, mut declaration: Declaration) -> Result<Node, Diagnostics> {
        self.choose_provider(&mut declaration);
        for transform in &self.transforms {
            transform(&mut declaration);
        }
        let (name, location) = (declaration.name.clone(), declaration.location);
        // A resource and what reads it may have one name, as in terraform.
        let kind = if declaration.kind == Kind::DataSource { "data." } else { "" };
        let address = format!("{}{kind}{}.{name}", self.path, declaration.type_name);
        self.node(address, &name, Body::Declaration(Box::new(declaration)), location)
    }
}
