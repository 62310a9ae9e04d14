//! Instances of providers, declared and configured by a program.

use std::collections::BTreeMap;
use std::panic::Location;

use framework::declare::{Expr, Node, Resolved};
use framework::{Diagnostic, Diagnostics, Path, Value};

use super::{Dynamic, Scope};
use crate::providers::Spec;

/// An instance of a provider, with a name and a configuration of its own.
///
/// An instance whose name is the first word of a type, such as `aws`, manages everything of such types that names no other;
/// one of another name manages what names it with [`Options::provider`](crate::Options::provider) or lies within
/// [`Scope::with_provider`]. It starts when it is added, before what uses it is declared.
///
/// `up` records it with its configuration, secrets sealed, so that `refresh` and `destroy` reach what it manages when the
/// program no longer declares it; `refresh`, which does not run the program, uses what was recorded last. When the configuration
/// changes, what the instance manages is looked at before it is planned. A resource that names another instance than before is
/// made anew by that one, and removed by the former.
///
/// ```no_run
/// # use devopsflow::{ProviderInstance, Resource, Result, Scope};
/// fn declare(scope: &mut Scope) -> Result<()> {
///     let west = scope.config("west")?;
///     ProviderInstance::new("west", "files").plugin("bin/terraform-provider-files").input("root", west).add(scope)?;
///     scope.with_provider("west", |scope| {
///         Resource::new("files_text", "note").input("path", "note.txt").input("content", "hello").add(scope)?;
///         Ok(())
///     })
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is declared before `add`"]
pub struct ProviderInstance {
    name: String,
    kind: String,
    plugin: Option<String>,
    config: BTreeMap<String, Expr>,
    location: &'static Location<'static>,
}

impl ProviderInstance {
    /// The instance `name` of the provider `kind`, which is the first word of the provider's types: one that the stack
    /// has, unless [`ProviderInstance::plugin`] says where it comes from.
    #[track_caller]
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        let (plugin, config, location) = (None, BTreeMap::new(), Location::caller());
        Self { name: name.into(), kind: kind.into(), plugin, config, location }
    }

    /// Runs it as this program, which speaks terraform's plugin protocol 6. A relative path is taken from the current
    /// directory.
    pub fn plugin(self, program: impl Into<String>) -> Self {
        Self { plugin: Some(program.into()), ..self }
    }

    /// A member of its configuration: a constant, a setting, or what [`Scope::lookup`] or another stack gave. What a resource
    /// of the same program gives is refused, for the provider must run before anything is planned with it.
    pub fn input(mut self, name: impl Into<String>, value: impl Into<Dynamic>) -> Self {
        self.config.insert(name.into(), value.into().into_expr());
        self
    }

    /// Starts it and hands it its configuration.
    ///
    /// # Errors
    /// It does not start, refuses its configuration, is declared twice, or an input is not a constant.
    #[expect(clippy::should_implement_trait, reason = "it is what typed builders call it")]
    pub fn add(self, scope: &mut Scope) -> Result<(), Diagnostics> {
        let place = format!("{}:{}", self.location.file(), self.location.line());
        let error =
            |detail: String| Diagnostic::error(format!("{place}: provider {} cannot be used", self.name), detail);
        let mut config = BTreeMap::new();
        for (name, expr) in &self.config {
            let resolved = constant(expr).map_err(|detail| error(format!("`{name}` {detail}")).at(Path::of(name)))?;
            config.insert(name.clone(), resolved);
        }
        let spec = Spec { kind: self.kind.clone(), plugin: self.plugin.clone(), config };
        scope.start_provider(&self.name, spec).map_err(|reason| error(reason).into())
    }
}

/// The value of something that refers to no declaration.
pub(super) fn constant(expr: &Expr) -> Result<Resolved, String> {
    let mut constant = true;
    expr.references(&mut |_, _, _| constant = false);
    if !constant {
        return Err("refers to what another declaration gives, which is not known yet: a constant expected.".to_owned());
    }
    let unknown = |_: Node, _: &Path| Resolved::from(Value::UNKNOWN);
    expr.resolve(&unknown).map_err(|error| format!("has no value: {error}."))
}
