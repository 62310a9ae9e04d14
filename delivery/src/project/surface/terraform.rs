//! Directories that terraform can be run in, with what they declare.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, Body};

use super::{TerraformOutput, TerraformProvider, TerraformRoot, TerraformVariable};
use crate::project::ecosystem::pinned;
use crate::project::text::Lines;
use crate::project::walk::{Tree, has_extension, join, parent, relative};
use crate::project::{Evidence, Note};

/// The directories that hold configuration and are no modules: neither below `modules` nor called by another directory.
pub(super) fn roots(tree: &Tree, notes: &mut Vec<Note>) -> Vec<TerraformRoot> {
    let mut directories: BTreeMap<&str, Directory> = BTreeMap::new();
    for path in tree.files() {
        let is_text = has_extension(path, &["tf", "tofu"]);
        if !is_text && !path.ends_with(".tf.json") {
            continue;
        }
        let directory = directories.entry(parent(path)).or_default();
        if let Some(text) = tree.text(path, notes).filter(|_| is_text) {
            match hcl_edit::parser::parse_body(&text) {
                Ok(body) => directory.read(path, &Lines::new(&text), &body),
                Err(error) => {
                    let line = u32::try_from(error.location().line()).ok();
                    notes.push(Note::new(
                        path,
                        line,
                        format!("is not valid HCL ({}); only its presence counts", error.message()),
                    ));
                }
            }
        } else if !is_text {
            notes.push(Note::new(path, None, "is configuration in JSON; only its presence counts"));
        }
    }
    let called: BTreeSet<String> = directories.iter().flat_map(|(path, directory)| directory.calls(path)).collect();
    let is_root = |path: &str| !path.split('/').any(|part| part == "modules") && !called.contains(path);
    directories
        .into_iter()
        .filter(|(path, _)| is_root(path))
        .map(|(path, directory)| directory.into_root(tree, path, notes))
        .collect()
}

/// What the files of a directory declare together.
#[derive(Default)]
struct Directory {
    variables: BTreeSet<TerraformVariable>,
    outputs: BTreeSet<TerraformOutput>,
    required_version: Option<String>,
    backend: Option<String>,
    providers: BTreeSet<TerraformProvider>,
    /// The sources of the modules it calls.
    sources: Vec<String>,
}

impl Directory {
    /// Takes in a file.
    fn read(&mut self, path: &str, lines: &Lines, body: &Body) {
        for block in body.blocks() {
            let label = block.labels.first().map(|label| label.as_str().to_owned());
            let evidence =
                || Evidence::at(path, block.ident.span().map(|span| lines.of(span.start)), block.ident.as_str());
            match (block.ident.as_str(), label) {
                ("variable", Some(name)) => {
                    let required = !block.body.has_attribute("default");
                    self.variables.insert(TerraformVariable { name, required, evidence: evidence() });
                }
                ("output", Some(name)) => {
                    self.outputs.insert(TerraformOutput { name, evidence: evidence() });
                }
                ("module", Some(_)) => self.sources.extend(attribute(&block.body, "source")),
                ("terraform", None) => self.settings(block),
                _ => {}
            }
        }
    }

    /// Takes in a block of settings.
    fn settings(&mut self, block: &Block) {
        self.required_version = attribute(&block.body, "required_version").or(self.required_version.take());
        for inner in block.body.blocks() {
            match inner.ident.as_str() {
                "backend" => self.backend = inner.labels.first().map(|label| label.as_str().to_owned()),
                "cloud" => self.backend = Some("cloud".to_owned()),
                "required_providers" => {
                    let requirement = |name: &str, value: &Expression| TerraformProvider {
                        name: name.to_owned(),
                        source: member(value, "source"),
                        // Terraform 0.12 knew no source; the whole value was the version.
                        version: member(value, "version").or_else(|| value.as_str().map(str::to_owned)),
                    };
                    self.providers.extend(
                        inner.body.attributes().map(|attribute| requirement(attribute.key.as_str(), &attribute.value)),
                    );
                }
                _ => {}
            }
        }
    }

    /// The directories of the tree that it calls as modules.
    fn calls(&self, path: &str) -> Vec<String> {
        self.sources.iter().filter_map(|source| resolve(path, source)).collect()
    }

    fn into_root(self, tree: &Tree, path: &str, notes: &mut Vec<Note>) -> TerraformRoot {
        let below = || tree.under(path).map(|file| relative(file, path));
        let is_values = |file: &&str| file.ends_with(".tfvars") || file.ends_with(".tfvars.json");
        let versions = pinned(tree, path, "terraform", &[".terraform-version"], &["terraform"], notes);
        let opentofu = pinned(tree, path, "opentofu", &[".opentofu-version"], &["opentofu"], notes);
        TerraformRoot {
            directory: path.to_owned(),
            variables: self.variables.into_iter().collect(),
            outputs: self.outputs.into_iter().collect(),
            required_version: self.required_version,
            versions: versions.into_iter().chain(opentofu).collect(),
            backend: self.backend,
            providers: self.providers.into_iter().collect(),
            locked: tree.has(&join(path, ".terraform.lock.hcl")),
            variable_files: below().filter(is_values).map(str::to_owned).collect(),
        }
    }
}

/// The text of an attribute that is a plain string.
fn attribute(body: &Body, key: &str) -> Option<String> {
    body.get_attribute(key)?.value.as_str().map(str::to_owned)
}

/// The text of a member of an object.
fn member(value: &Expression, key: &str) -> Option<String> {
    let is_key = |name: &ObjectKey| match name {
        ObjectKey::Ident(ident) => ident.as_str() == key,
        ObjectKey::Expression(expression) => expression.as_str() == Some(key),
    };
    let (_, value) = value.as_object()?.iter().find(|(name, _)| is_key(name))?;
    value.expr().as_str().map(str::to_owned)
}

/// The directory that a local source such as `../network` stands for; none for other sources and outside the tree.
fn resolve(directory: &str, source: &str) -> Option<String> {
    if !source.starts_with("./") && !source.starts_with("../") {
        return None;
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| *part != ".").collect();
    for part in source.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}
