//! From the messages of the protocol to the vocabulary of `framework`.

use std::collections::BTreeMap;

use framework::provider::Schemas;
use framework::schema::{Attribute, Attributes, Block, BlockNesting, Mode, NestedBlock, Nesting, Schema, Shape};
use framework::{Diagnostic, Diagnostics, Path, Severity, Step, Type};

use super::to_wire;
use crate::generated::tfplugin6::attribute_path::step::Selector;
use crate::generated::tfplugin6::get_provider_schema::Response;
use crate::generated::tfplugin6::schema::{nested_block, object};
use crate::generated::tfplugin6::{self as wire, diagnostic};

/// A schema that a plugin sent and that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema of {place} is wrong: {problem}")]
pub(crate) struct SchemaError {
    /// From the provider, resource or data source down to the attribute or block, with dots.
    place: String,
    problem: &'static str,
}

impl SchemaError {
    fn new(problem: &'static str) -> Self {
        Self { place: String::new(), problem }
    }

    fn inside(self, name: &str) -> Self {
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{name}.{}", self.place) };
        Self { place, ..self }
    }
}

pub(crate) fn schemas(response: &Response) -> Result<Schemas, SchemaError> {
    Ok(Schemas {
        provider: match &response.provider {
            Some(provider) => schema("provider", provider)?,
            None => Schema::default(),
        },
        resources: by_name(&response.resource_schemas)?,
        data_sources: by_name(&response.data_source_schemas)?,
        diagnostics: diagnostics(&response.diagnostics),
        plans_destroy: response.server_capabilities.is_some_and(|capabilities| capabilities.plan_destroy),
    })
}

fn by_name(schemas: &BTreeMap<String, wire::Schema>) -> Result<BTreeMap<String, Schema>, SchemaError> {
    schemas.iter().map(|(name, described)| Ok((name.clone(), schema(name, described)?))).collect()
}

fn schema(name: &str, schema: &wire::Schema) -> Result<Schema, SchemaError> {
    let block = match &schema.block {
        Some(described) => block(described).map_err(|error| error.inside(name))?,
        None => Block::default(),
    };
    Ok(Schema { version: schema.version, block })
}

fn block(block: &wire::schema::Block) -> Result<Block, SchemaError> {
    let nested = |nested: &wire::schema::NestedBlock| {
        let converted = nested_block(nested).map_err(|error| error.inside(&nested.type_name))?;
        Ok((nested.type_name.clone(), converted))
    };
    Ok(Block {
        attributes: attributes(&block.attributes)?,
        blocks: block.block_types.iter().map(nested).collect::<Result<_, _>>()?,
        description: block.description.clone(),
        deprecated: deprecated(block.deprecated, &block.deprecation_message),
    })
}

fn nested_block(nested: &wire::schema::NestedBlock) -> Result<NestedBlock, SchemaError> {
    let nesting = match nested.nesting() {
        nested_block::NestingMode::Single => BlockNesting::Single,
        nested_block::NestingMode::Group => BlockNesting::Group,
        nested_block::NestingMode::List => BlockNesting::List,
        nested_block::NestingMode::Set => BlockNesting::Set,
        nested_block::NestingMode::Map => BlockNesting::Map,
        nested_block::NestingMode::Invalid => return Err(SchemaError::new("no known nesting")),
    };
    let count = |items: i64| u64::try_from(items).map_err(|_| SchemaError::new("a negative number of blocks"));
    Ok(NestedBlock {
        nesting,
        block: nested.block.as_ref().map(block).transpose()?.unwrap_or_default(),
        min: count(nested.min_items)?,
        max: count(nested.max_items)?,
    })
}

fn attributes(attributes: &[wire::schema::Attribute]) -> Result<Attributes, SchemaError> {
    let named = |described: &wire::schema::Attribute| {
        let converted = attribute(described).map_err(|error| error.inside(&described.name))?;
        Ok((described.name.clone(), converted))
    };
    attributes.iter().map(named).collect()
}

fn attribute(attribute: &wire::schema::Attribute) -> Result<Attribute, SchemaError> {
    let mode = match (attribute.required, attribute.optional, attribute.computed) {
        (true, _, _) => Mode::Required,
        (false, true, true) => Mode::OptionalComputed,
        (false, true, false) => Mode::Optional,
        (false, false, true) => Mode::Computed,
        (false, false, false) => return Err(SchemaError::new("neither required, optional nor computed")),
    };
    Ok(Attribute {
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: deprecated(attribute.deprecated, &attribute.deprecation_message),
        ..Attribute::new(shape(attribute)?, mode, attribute.description.clone())
    })
}

fn shape(attribute: &wire::schema::Attribute) -> Result<Shape, SchemaError> {
    let Some(nested) = &attribute.nested_type else {
        let json = serde_json::from_slice(&attribute.r#type).ok();
        let ty = json.and_then(|json| Type::from_json(&json).ok());
        return ty.map(Shape::Plain).ok_or_else(|| SchemaError::new("no known type"));
    };
    let nesting = match nested.nesting() {
        object::NestingMode::Single => Nesting::Single,
        object::NestingMode::List => Nesting::List,
        object::NestingMode::Set => Nesting::Set,
        object::NestingMode::Map => Nesting::Map,
        object::NestingMode::Invalid => return Err(SchemaError::new("no known nesting")),
    };
    Ok(Shape::Nested(nesting, attributes(&nested.attributes)?))
}

/// Minor versions before 6.11 say that something is deprecated, but not why.
fn deprecated(deprecated: bool, message: &str) -> Option<String> {
    deprecated.then(|| message.to_owned())
}

pub(crate) fn diagnostics(diagnostics: &[wire::Diagnostic]) -> Diagnostics {
    diagnostics.iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: &wire::Diagnostic) -> Diagnostic {
    let severity = match diagnostic.severity() {
        diagnostic::Severity::Warning => Severity::Warning,
        // An unknown severity is taken for the graver one.
        diagnostic::Severity::Error | diagnostic::Severity::Invalid => Severity::Error,
    };
    let path = diagnostic.attribute.as_ref().map(path);
    // Our own provider's end added it for terraform.
    let without_place = path.as_ref().and_then(|path| diagnostic.detail.strip_suffix(&to_wire::place(path)));
    Diagnostic {
        severity,
        summary: diagnostic.summary.clone(),
        detail: without_place.unwrap_or(&diagnostic.detail).to_owned(),
        path,
    }
}

pub(crate) fn paths(paths: &[wire::AttributePath]) -> Vec<Path> {
    paths.iter().map(path).collect()
}

/// The path up to the first step that is none.
fn path(path: &wire::AttributePath) -> Path {
    let step = |step: &wire::attribute_path::Step| match step.selector.as_ref()? {
        Selector::AttributeName(name) => Some(Step::Attribute(name.clone())),
        Selector::ElementKeyString(key) => Some(Step::Key(key.clone())),
        Selector::ElementKeyInt(index) => u64::try_from(*index).ok().map(Step::Index),
    };
    path.steps.iter().map_while(step).collect()
}
