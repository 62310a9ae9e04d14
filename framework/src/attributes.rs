//! The typed side of a schema: Rust structs whose fields are attributes.
//!
//! `#[derive(Attributes)]` writes all implementations of these traits except those of [`Field`] for the types of the
//! standard library. See `framework_derive` for the attributes that steer it.

use std::collections::BTreeMap;

use crate::schema::{self, Nesting, Shape};
use crate::{Diagnostics, Path, Type, Value};

/// A struct whose fields are the attributes of an object.
pub trait Attributes: Sized + Send + Sync + 'static {
    /// The documentation of the struct, in Markdown.
    const DESCRIPTION: &'static str;

    /// The names of the attributes, in the order of the fields.
    const NAMES: &'static [&'static str];

    /// The attributes, with what the fields' documentation and rules say.
    fn attributes() -> schema::Attributes;

    /// Reads the struct from a known object.
    ///
    /// # Errors
    /// All attributes that cannot be read, each with its path.
    fn from_object(object: &Value, path: &Path) -> Result<Self, Diagnostics>;

    /// The attributes as an object's members.
    fn to_members(&self) -> BTreeMap<String, Value>;
}

/// The inputs of a resource or data source: what a user writes.
pub trait Inputs: Attributes {
    /// The full name of the resource or data source type, such as `devopsflow_pipeline`.
    const TYPE_NAME: &'static str;
    /// The same fields, each of them possibly absent: what is known of the inputs of an object that was imported or that
    /// an earlier version recorded.
    type Partial: Partial;
    /// What the resource or data source gives.
    type Outputs: Outputs;
}

/// Inputs of which any may be absent.
pub trait Partial: Clone + Default + Send + Sync + 'static {
    /// Reads what is there; null and unknown attributes are absent.
    fn from_object(object: &Value) -> Result<Self, Diagnostics>;

    /// The attributes that are there.
    fn to_members(&self) -> BTreeMap<String, Value>;
}

/// The outputs of a resource or data source: what the provider gives.
pub trait Outputs: Attributes {
    /// The same fields, each as far as a plan knows it.
    type Preview: Previewed;
    /// The same fields, each as a reference that other declarations can use.
    type References: crate::declare::References;

    /// References into the object that `node` stands for.
    fn references(node: crate::declare::Node) -> Self::References;
}

/// Outputs, as far as a plan knows them.
pub trait Previewed: Sized + Send + 'static {
    /// Every output unknown.
    fn unknown() -> Self;

    /// Every output by name.
    fn into_members(self) -> BTreeMap<String, Preview<Value>>;

    /// Reads the outputs of a planned object: what it knows, and unknown otherwise.
    fn from_object(object: &Value) -> Result<Self, Diagnostics>;
}

/// What a plan knows of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview<T> {
    /// Apply will give exactly this.
    Known(T),
    /// Only apply will know.
    Unknown,
    /// Apply will not change it; unknown when nothing is recorded.
    Keep,
}

impl<T> Preview<T> {
    /// What will be given, if that is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Keep => None,
        }
    }

    /// The same with another representation of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Preview<U> {
        match self {
            Self::Known(value) => Preview::Known(change(value)),
            Self::Unknown => Preview::Unknown,
            Self::Keep => Preview::Keep,
        }
    }
}

/// A type that an attribute can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an attribute",
    label = "no attribute can have this type",
    note = "attributes are `bool`, numbers, `String`, `PathBuf`, lists (`Vec`), sets (`BTreeSet`) and maps (`BTreeMap` by `String`) of attributes, and structs and enums that derive `Attributes`"
)]
pub trait Field: Sized + Send + Sync + 'static {
    /// Whether an attribute of this type must be given.
    const REQUIRED: bool = true;

    /// What its values look like.
    fn shape() -> Shape;

    /// What every known value must satisfy beyond its shape.
    fn checks() -> Vec<schema::Check> {
        Vec::new()
    }

    /// Whether two known values mean the same, where that is more than being equal.
    fn same() -> Option<fn(&Value, &Value) -> bool> {
        None
    }

    /// Reads a known value.
    fn from_value(value: &Value, path: &Path) -> Result<Self, Diagnostics>;

    /// The value that stands for this one.
    fn to_value(&self) -> Value;
}

/// A type whose values can be elements of a set: texts, numbers and enums. Objects cannot, for a set element has no
/// address: use a map keyed by name instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a set",
    label = "sets hold texts, numbers and enums only",
    note = "use a map keyed by name: `BTreeMap<String, {Self}>`"
)]
pub trait SetElement: Field {}

/// The shape of a collection of values of another shape.
pub fn collection(nesting: Nesting, element: Shape) -> Shape {
    match element {
        Shape::Nested(Nesting::Single, attributes) => Shape::Nested(nesting, attributes),
        other => {
            let element = Box::new(other.ty());
            Shape::Plain(match nesting {
                Nesting::Single => *element,
                Nesting::List => Type::List(element),
                Nesting::Set => Type::Set(element),
                Nesting::Map => Type::Map(element),
            })
        }
    }
}
