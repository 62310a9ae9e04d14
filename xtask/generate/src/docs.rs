//! The documentation of resources and data sources, in the layout of the Terraform registry, from their schemas.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use framework::provider::{Provider, Schemas};
use framework::schema::{Attribute, Attributes, Check, Mode, Nesting, Shape};
use framework::{Schema, Type, Value};
use fs_err as fs;

/// Every page by its path in the repository.
pub(crate) fn pages(root: &Path) -> Result<BTreeMap<String, String>> {
    let schemas = pollster::block_on(provider::registry().schemas()).context("the provider has no schemas")?;
    let mut pages = BTreeMap::from([("docs/index.md".to_owned(), index(root, &schemas)?)]);
    let kinds = [("resources", "Resource", &schemas.resources), ("data-sources", "Data Source", &schemas.data_sources)];
    for (folder, kind, schemas) in kinds {
        for (name, schema) in schemas {
            let short = name.split_once('_').map_or(name.as_str(), |(_, short)| short);
            pages.insert(format!("docs/{folder}/{short}.md"), page(root, folder, kind, name, schema)?);
        }
    }
    Ok(pages)
}

fn front_matter(title: &str, description: &str) -> String {
    let sentence = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    format!("---\npage_title: \"{title}\"\ndescription: |-\n  {sentence}\n---\n\n")
}

fn index(root: &Path, schemas: &Schemas) -> Result<String> {
    let description = &schemas.provider.block.description;
    let example = read(root, "examples/provider/provider.tf")?;
    let mut text = front_matter("devopsflow Provider", description);
    let _ =
        write!(text, "# devopsflow Provider\n\n{description}\n\n## Example Usage\n\n```terraform\n{example}```\n\n");
    text.push_str("## Schema\n\nThe provider has no settings of its own.\n");
    Ok(text)
}

fn page(root: &Path, folder: &str, kind: &str, name: &str, schema: &Schema) -> Result<String> {
    let description = &schema.block.description;
    let singular = folder.trim_end_matches('s');
    let example = read(root, &format!("examples/{folder}/{name}/{singular}.tf"))?;
    let mut text = front_matter(&format!("{name} {kind} - devopsflow"), description);
    let _ = write!(
        text,
        "# {name} ({kind})\n\n{description}\n\n## Example Usage\n\n```terraform\n{example}```\n\n## Schema\n"
    );
    let mut nested = Vec::new();
    groups(&mut text, "", &schema.block.attributes, &mut nested);
    while !nested.is_empty() {
        let (path, attributes) = nested.remove(0);
        let _ = write!(text, "\n<a id=\"nested--{}\"></a>\n### `{path}`\n", anchor(&path));
        groups(&mut text, &format!("{path}."), attributes, &mut nested);
    }
    let import = root.join(format!("examples/{folder}/{name}/import.sh"));
    if import.exists() {
        let command = fs::read_to_string(import)?;
        let about = read(root, &format!("examples/{folder}/{name}/import.md"))?;
        let _ = write!(text, "\n## Import\n\n{about}\n```shell\n{command}```\n");
    }
    Ok(text)
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("every resource has an example: write {path}"))
}

fn anchor(path: &str) -> String {
    path.replace('.', "--")
}

type Nested<'a> = Vec<(String, &'a Attributes)>;

fn groups<'a>(text: &mut String, prefix: &str, attributes: &'a Attributes, nested: &mut Nested<'a>) {
    type Group = (&'static str, fn(Mode) -> bool);
    let all: [Group; 3] = [
        ("Required", |mode| mode == Mode::Required),
        ("Optional", |mode| matches!(mode, Mode::Optional | Mode::OptionalComputed)),
        ("Read-Only", |mode| mode == Mode::Computed),
    ];
    for (title, belongs) in all {
        let mut group = attributes.iter().filter(|(_, attribute)| belongs(attribute.mode)).peekable();
        if group.peek().is_some() {
            let _ = write!(text, "\n#### {title}\n\n");
        }
        for (name, attribute) in group {
            line(text, &format!("{prefix}{name}"), name, attribute, nested);
        }
    }
}

fn line<'a>(text: &mut String, path: &str, name: &str, attribute: &'a Attribute, nested: &mut Nested<'a>) {
    let sensitive = if attribute.sensitive { ", Sensitive" } else { "" };
    let _ = write!(text, "- `{name}` ({}{sensitive}) {}", kind(&attribute.shape), indented(&attribute.description));
    if let Some(default) = &attribute.rules.default {
        let _ = write!(text, " Default: `{}`.", shown(default));
    }
    if let Some(instead) = &attribute.deprecated {
        let _ = write!(text, " **Deprecated:** {instead}");
    }
    if let Shape::Nested(_, inner) = &attribute.shape {
        let _ = write!(text, " See [`{path}`](#nested--{}).", anchor(path));
        nested.push((path.to_owned(), inner));
    }
    text.push('\n');
    rules(text, &attribute.rules.checks);
}

/// Continuation lines stay in their list item.
fn indented(description: &str) -> String {
    description.replace("\n\n", "\n\n  ")
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Nested(Nesting::Single, _) => "Object".to_owned(),
        Shape::Nested(Nesting::List, _) => "List of Object".to_owned(),
        Shape::Nested(Nesting::Set, _) => "Set of Object".to_owned(),
        Shape::Nested(Nesting::Map, _) => "Map of Object".to_owned(),
        Shape::Plain(ty) => type_name(ty),
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

fn shown(value: &Value) -> String {
    format!("{value:?}")
}

fn rules(text: &mut String, checks: &[Check]) {
    for check in checks {
        match check {
            Check::OneOf(choices) => {
                for choice in choices {
                    let _ = writeln!(text, "  - `{}`: {}", choice.value, choice.description.replace("\n\n", " "));
                }
            }
            Check::Each(checks) => rules(text, checks),
            Check::ExactlyOne => text.push_str("  - Exactly one attribute is given.\n"),
            Check::Range(min, max) => match (min, max) {
                (Some(min), Some(max)) if max.to_string().len() < 10 => {
                    let _ = writeln!(text, "  - From {min} to {max}.");
                }
                (Some(min), _) if *min != framework::Number::from(0) => {
                    let _ = writeln!(text, "  - At least {min}.");
                }
                _ => {}
            },
            Check::Length(min, Some(max)) => {
                let _ = writeln!(text, "  - {min} to {max} long.");
            }
            Check::Length(min, None) => {
                let _ = writeln!(text, "  - At least {min} long.");
            }
            Check::Integer => {}
        }
    }
}
