//! From the vocabulary of `framework` to the messages of the protocol.

use framework::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Schema, Shape};
use framework::{Diagnostic, Diagnostics, Path, Severity, Step};

use crate::generated::tfplugin6::attribute_path::{Step as WireStep, step::Selector};
use crate::generated::tfplugin6::schema::{nested_block, object};
use crate::generated::tfplugin6::{self as wire, StringKind, diagnostic};

pub(crate) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(block: &Block) -> wire::schema::Block {
    wire::schema::Block {
        version: 0,
        attributes: attributes(&block.attributes),
        block_types: block.blocks.iter().map(nested_block).collect(),
        description: block.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: block.deprecated.is_some(),
        deprecation_message: block.deprecated.clone().unwrap_or_default(),
    }
}

fn nested_block((name, nested): (&String, &NestedBlock)) -> wire::schema::NestedBlock {
    let nesting = match nested.nesting {
        BlockNesting::Single => nested_block::NestingMode::Single,
        BlockNesting::Group => nested_block::NestingMode::Group,
        BlockNesting::List => nested_block::NestingMode::List,
        BlockNesting::Set => nested_block::NestingMode::Set,
        BlockNesting::Map => nested_block::NestingMode::Map,
    };
    wire::schema::NestedBlock {
        type_name: name.clone(),
        block: Some(block(&nested.block)),
        nesting: nesting.into(),
        min_items: i64::try_from(nested.min).unwrap_or(i64::MAX),
        max_items: i64::try_from(nested.max).unwrap_or(i64::MAX),
    }
}

fn attributes(attributes: &Attributes) -> Vec<wire::schema::Attribute> {
    attributes.iter().map(|(name, described)| attribute(name, described)).collect()
}

fn attribute(name: &str, attribute: &Attribute) -> wire::schema::Attribute {
    let (ty, nested_type) = match &attribute.shape {
        Shape::Plain(ty) => (ty.to_json().to_string().into_bytes(), None),
        Shape::Nested(nesting, inner) => (Vec::new(), Some(object(*nesting, inner))),
    };
    wire::schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        description_kind: StringKind::Markdown.into(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.mode.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, inner: &Attributes) -> wire::schema::Object {
    let nesting = match nesting {
        Nesting::Single => object::NestingMode::Single,
        Nesting::List => object::NestingMode::List,
        Nesting::Set => object::NestingMode::Set,
        Nesting::Map => object::NestingMode::Map,
    };
    wire::schema::Object { attributes: attributes(inner), nesting: nesting.into() }
}

pub(crate) fn diagnostics(diagnostics: &Diagnostics) -> Vec<wire::Diagnostic> {
    diagnostics.iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: &Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
    };
    let place = diagnostic.path.as_ref().filter(|path| !is_named(path, diagnostic)).map(place).unwrap_or_default();
    wire::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary.clone(),
        detail: format!("{}{place}", diagnostic.detail),
        attribute: diagnostic.path.as_ref().map(path),
    }
}

/// Whether the user learns the attribute without our help. Terraform shows the line of an attribute of the root, but
/// before 1.15 not which part of it is meant, and no version can be told of an element of a set.
fn is_named(path: &Path, diagnostic: &Diagnostic) -> bool {
    let name = format!("`{path}`");
    path.steps().len() < 2 || diagnostic.summary.contains(&name) || diagnostic.detail.contains(&name)
}

/// What a detail ends with that does not name its attribute itself.
pub(super) fn place(path: &Path) -> String {
    format!("\n\nThe attribute is `{path}`.")
}

pub(crate) fn paths(paths: &[Path]) -> Vec<wire::AttributePath> {
    paths.iter().map(path).collect()
}

/// The path as far as the protocol can say it: there is no step into a set, so it ends at the set.
fn path(path: &Path) -> wire::AttributePath {
    let selector = |step: &Step| match step {
        Step::Attribute(name) => Some(Selector::AttributeName(name.clone())),
        Step::Key(key) => Some(Selector::ElementKeyString(key.clone())),
        Step::Index(index) => i64::try_from(*index).ok().map(Selector::ElementKeyInt),
        Step::Element(_) => None,
    };
    let steps = path.steps().iter().map_while(selector);
    wire::AttributePath { steps: steps.map(|selector| WireStep { selector: Some(selector) }).collect() }
}
