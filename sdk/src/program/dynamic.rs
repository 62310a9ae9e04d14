//! Resources and data sources of any provider, by the names of its schema: for providers without typed builders.

use std::collections::BTreeMap;
use std::panic::Location;

use framework::attributes::Field;
use framework::declare::{Declaration, Declare, Expr, Kind, Node, Options, References};
use framework::{Diagnostics, Input, Output, Path, Value};

use super::Scope;

/// A resource of any provider. What its inputs are called and of which types they are is checked against the provider's
/// schema when it is planned.
///
/// ```no_run
/// # use devopsflow::{Resource, Result, Scope};
/// # fn declare(scope: &mut Scope) -> Result<()> {
/// let note = Resource::new("files_text", "note").input("path", "note.txt").input("content", "hello").add(scope)?;
/// scope.export("digest", note.output::<String>("content_sha256"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is declared before `add`"]
pub struct Resource(Declaration);

/// A data source of any provider, as [`Resource`] is a resource.
#[derive(Debug, Clone)]
#[must_use = "nothing is read before `add` or `lookup`"]
pub struct DataSource(Declaration);

/// What a [`Resource`] or [`DataSource`] will give.
#[derive(Debug, Clone, Copy)]
pub struct Declared(Node);

/// An input whose type only the provider knows: a text, number or boolean, an output, or a list or map of those.
#[derive(Debug, Clone)]
pub struct Dynamic(Expr);

#[track_caller]
fn declaration(kind: Kind, type_name: &'static str, name: String) -> Declaration {
    let (inputs, options, location) = (BTreeMap::new(), Options::new(), Location::caller());
    Declaration { kind, type_name, name, inputs, options, location }
}

impl Resource {
    /// Starts the declaration `name` of a type such as `aws_instance`.
    #[track_caller]
    pub fn new(type_name: &'static str, name: impl Into<String>) -> Self {
        Self(declaration(Kind::Resource, type_name, name.into()))
    }

    /// Gives an input. Blocks are inputs as well: an object, or a list of them.
    pub fn input(mut self, name: impl Into<String>, value: impl Into<Dynamic>) -> Self {
        self.0.inputs.insert(name.into(), value.into().0);
        self
    }

    /// Says how it is managed: what it depends on, whether it is protected, and the like.
    pub fn with(mut self, options: Options) -> Self {
        self.0.options = options;
        self
    }

    /// Adds the declaration to `scope`.
    ///
    /// # Errors
    /// What is wrong with the declaration itself, such as a name that is taken.
    #[expect(clippy::should_implement_trait, reason = "it is what typed builders call it")]
    pub fn add(self, scope: &mut (impl Declare + ?Sized)) -> Result<Declared, Diagnostics> {
        scope.declare(self.0).map(Declared)
    }
}

impl DataSource {
    /// Starts the declaration `name` of a type such as `aws_ami`.
    #[track_caller]
    pub fn new(type_name: &'static str, name: impl Into<String>) -> Self {
        Self(declaration(Kind::DataSource, type_name, name.into()))
    }

    /// Gives an input.
    pub fn input(mut self, name: impl Into<String>, value: impl Into<Dynamic>) -> Self {
        self.0.inputs.insert(name.into(), value.into().0);
        self
    }

    /// Says how it is managed: which provider instance reads it, and what must be there before.
    pub fn with(mut self, options: Options) -> Self {
        self.0.options = options;
        self
    }

    /// Adds the declaration to `scope`. It is read once all that it takes is known.
    ///
    /// # Errors
    /// What is wrong with the declaration itself, such as a name that is taken.
    #[expect(clippy::should_implement_trait, reason = "it is what typed builders call it")]
    pub fn add(self, scope: &mut (impl Declare + ?Sized)) -> Result<Declared, Diagnostics> {
        scope.declare(self.0).map(Declared)
    }

    /// Reads it at once, as [`Scope::lookup`] does. Gives an object.
    ///
    /// # Errors
    /// Also when an input refers to what another declaration gives.
    pub fn lookup(self, scope: &mut Scope) -> super::Result<Value> {
        scope.read_now(self.0)
    }
}

impl Declared {
    /// The attribute at the top that has this name. Using it as another type than the provider gives is an error when it is
    /// known.
    pub fn output<T>(self, attribute: &str) -> Output<T> {
        self.output_at(Path::of(attribute))
    }

    /// A part of what it gives, such as `Path::of("owner").attribute("name")`.
    pub fn output_at<T>(self, path: Path) -> Output<T> {
        Output::new(self.0, path)
    }
}

impl References for Declared {
    fn node(&self) -> Node {
        self.0
    }
}

impl Dynamic {
    /// A list, or the blocks of one name.
    pub fn list<I: Into<Self>>(elements: impl IntoIterator<Item = I>) -> Self {
        Self(Expr::List(elements.into_iter().map(|element| element.into().0).collect()))
    }

    /// A set.
    pub fn set<I: Into<Self>>(elements: impl IntoIterator<Item = I>) -> Self {
        Self(Expr::Set(elements.into_iter().map(|element| element.into().0).collect()))
    }

    /// A map, or an object.
    pub fn map<K: Into<String>, I: Into<Self>>(members: impl IntoIterator<Item = (K, I)>) -> Self {
        Self(Expr::Map(members.into_iter().map(|(key, member)| (key.into(), member.into().0)).collect()))
    }

    /// The same, never shown and recorded only sealed.
    #[must_use]
    pub fn secret(self) -> Self {
        Self(Expr::Secret(Box::new(self.0)))
    }

    pub(super) fn into_expr(self) -> Expr {
        self.0
    }
}

impl<T> From<Output<T>> for Dynamic {
    fn from(output: Output<T>) -> Self {
        Self(output.into_expr())
    }
}

impl<T> From<&Output<T>> for Dynamic {
    fn from(output: &Output<T>) -> Self {
        output.clone().into()
    }
}

impl<T> From<Input<T>> for Dynamic {
    fn from(input: Input<T>) -> Self {
        Self(input.into_expr())
    }
}

impl From<Value> for Dynamic {
    fn from(value: Value) -> Self {
        Self(Expr::Constant(value))
    }
}

impl From<&str> for Dynamic {
    fn from(text: &str) -> Self {
        Value::from(text).into()
    }
}

macro_rules! constants {
    ($($constant:ty),*) => {$(
        impl From<$constant> for Dynamic {
            fn from(constant: $constant) -> Self {
                constant.to_value().into()
            }
        }
    )*};
}
constants!(String, bool, u16, u32, u64, i32, i64, f64);
