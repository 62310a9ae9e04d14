//! Schemas: what a provider, resource or data source accepts and gives, with the rules that its values obey.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Number, Path, Type, Value};

/// The schema of a provider, a resource or a data source.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Version of the state that is stored under this schema.
    pub version: i64,
    /// The attributes and blocks at the top.
    pub block: Block,
}

impl Schema {
    /// A schema of attributes only, at version 0.
    pub fn of(description: impl Into<String>, attributes: Attributes) -> Self {
        let block = Block { description: description.into(), attributes, ..Block::default() };
        Self { version: 0, block }
    }

    /// The type of the values that conform to this schema.
    pub fn ty(&self) -> Type {
        self.block.ty()
    }

    /// The attribute at `path`, if the path leads to one; steps into collections are passed over.
    pub fn attribute(&self, path: &Path) -> Option<&Attribute> {
        use crate::Step;
        let mut attributes = Some(&self.block.attributes);
        let mut found = None;
        for step in path.steps() {
            let Step::Attribute(name) = step else { continue };
            let attribute = attributes?.get(name)?;
            attributes = match &attribute.shape {
                Shape::Nested(_, inner) => Some(inner),
                Shape::Plain(_) => None,
            };
            found = Some(attribute);
        }
        found
    }
}

/// Attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// Attributes and nested blocks.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The attributes by name.
    pub attributes: Attributes,
    /// The nested blocks by name. Our own resources have none; plugins of others may.
    pub blocks: BTreeMap<String, NestedBlock>,
    /// What it is, in Markdown.
    pub description: String,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
}

impl Block {
    /// The object type of the block.
    pub fn ty(&self) -> Type {
        let blocks = self.blocks.iter().map(|(name, nested)| (name.clone(), nested.ty()));
        Type::object(types(&self.attributes).chain(blocks))
    }
}

fn types(attributes: &Attributes) -> impl Iterator<Item = (String, Type)> {
    attributes.iter().map(|(name, attribute)| (name.clone(), attribute.shape.ty()))
}

/// A block that may be repeated inside another.
#[derive(Debug, Clone)]
pub struct NestedBlock {
    /// How repetitions are collected.
    pub nesting: BlockNesting,
    /// What one repetition holds.
    pub block: Block,
    /// The least number of repetitions.
    pub min: u64,
    /// The greatest number of repetitions; 0 is no limit.
    pub max: u64,
}

impl NestedBlock {
    /// The type of the value that collects all repetitions.
    pub fn ty(&self) -> Type {
        let block = self.block.ty();
        match self.nesting {
            BlockNesting::Single | BlockNesting::Group => block,
            BlockNesting::List => Type::List(Box::new(block)),
            BlockNesting::Set => Type::Set(Box::new(block)),
            BlockNesting::Map => Type::Map(Box::new(block)),
        }
    }
}

/// How the repetitions of a block are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one, null when absent.
    Single,
    /// At most one, an object of nulls when absent.
    Group,
    /// A list.
    List,
    /// A set.
    Set,
    /// A map by label.
    Map,
}

/// One attribute.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// What its values look like.
    pub shape: Shape,
    /// Who gives its value.
    pub mode: Mode,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Whether its value is sent to the provider but never stored.
    pub write_only: bool,
    /// What it means, in Markdown.
    pub description: String,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// What its values obey beyond their type. Known only for our own schemas: the protocol does not carry rules.
    pub rules: Rules,
}

impl Attribute {
    /// An attribute with no rules that is not sensitive.
    pub fn new(shape: Shape, mode: Mode, description: impl Into<String>) -> Self {
        Self {
            shape,
            mode,
            sensitive: false,
            write_only: false,
            description: description.into(),
            deprecated: None,
            rules: Rules::default(),
        }
    }
}

/// What the values of an attribute look like.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Values of one type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Attributes),
}

impl Shape {
    /// The type of the values.
    pub fn ty(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, attributes) => nesting.ty(Type::object(types(attributes))),
        }
    }
}

/// How the objects of a nested attribute are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
}

impl Nesting {
    fn ty(self, object: Type) -> Type {
        match self {
            Self::Single => object,
            Self::List => Type::List(Box::new(object)),
            Self::Set => Type::Set(Box::new(object)),
            Self::Map => Type::Map(Box::new(object)),
        }
    }
}

/// Who gives the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The user must.
    Required,
    /// The user may.
    Optional,
    /// Only the provider.
    Computed,
    /// The user may, otherwise the provider.
    OptionalComputed,
}

impl Mode {
    /// Whether the user may give the value.
    pub fn is_input(self) -> bool {
        self != Self::Computed
    }

    /// Whether the provider may give the value.
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }
}

/// What the values of an attribute obey beyond their type.
#[derive(Clone, Default)]
pub struct Rules {
    /// The value when none is given.
    pub default: Option<Value>,
    /// Whether a change of the value needs a new object.
    pub replace: bool,
    /// What every known value must satisfy.
    pub checks: Vec<Check>,
    /// The group of attributes of the same object of which at most one may be given.
    pub exclusive: Option<String>,
    /// Whether two known values mean the same, where that is more than being equal.
    pub same: Option<fn(&Value, &Value) -> bool>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("default", &self.default)
            .field("replace", &self.replace)
            .field("checks", &self.checks)
            .field("exclusive", &self.exclusive)
            .finish_non_exhaustive()
    }
}

/// A condition on a known value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// A number without a fraction.
    Integer,
    /// A number within bounds, both included.
    Range(Option<Number>, Option<Number>),
    /// One of these texts.
    OneOf(Vec<Choice>),
    /// A text or collection with a length within bounds, both included. Texts are measured in characters.
    Length(u64, Option<u64>),
    /// An object of which exactly one attribute is given.
    ExactlyOne,
    /// A collection of which every element satisfies the checks.
    Each(Vec<Check>),
}

/// A text that is allowed, with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The text.
    pub value: String,
    /// What it means, in Markdown.
    pub description: String,
}
