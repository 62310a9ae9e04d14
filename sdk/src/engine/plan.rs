//! What happens to one resource, given what the nodes before it give. The same code plans a preview, and again when changes are
//! made.

use std::collections::BTreeSet;

use disk::Digest;
use framework::declare::{Declaration, Node, Options};
use framework::host::{Action, Change, Object};
use framework::{Diagnostic, Diagnostics, Path, Schema, Value, json};
use serde_json::json;

use super::evaluate::Evaluated;
use super::load::spread;
use super::pattern::{self, Pattern};
use super::select::within;
use super::{Engine, Given, Results};
use crate::event::{REDACTED, Step};
use crate::providers::{Instance, Providers, diagnostics};
use crate::state::Resource;

/// What happens to one resource.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) step: Step,
    pub(crate) evaluated: Evaluated,
    /// Stands for inputs, options and provider; absent while inputs are unknown.
    pub(crate) fingerprint: Option<String>,
    /// What the provider says; absent when it was not asked.
    pub(crate) change: Option<Change>,
    /// What was seen of the object in the world.
    pub(crate) found: Found,
    /// What it gives, as far as it is known.
    pub(crate) value: Value,
    /// What of that is secret.
    pub(crate) secrets: BTreeSet<String>,
}

/// What was seen of an object in the world.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// Nobody looked.
    NotLooked,
    /// It is gone.
    Gone,
    /// It was looked at, or imported.
    Object(Object),
}

impl Engine {
    /// The recorded resources that a node is made with, sorted.
    pub(crate) fn ids_below(&self, node: usize, results: &Results) -> Vec<u64> {
        let parent = self.graph.nodes[node].parent;
        let needed = self.edges[node].iter().filter(|needed| Some(**needed) != parent);
        let given = needed.filter_map(|needed| results[*needed].get());
        let ids: BTreeSet<u64> = given.flat_map(|given| given.ids.iter().copied()).collect();
        ids.into_iter().collect()
    }

    /// Plans a resource. `vacated` says that this run removed its object already, so that it is to be made anew.
    pub(crate) async fn plan_node(
        &self,
        node: usize,
        declaration: &Declaration,
        results: &Results,
        vacated: bool,
    ) -> Result<Planned, Diagnostics> {
        let (address, options) = (&self.graph.nodes[node].address, &declaration.options);
        let (prior, instance) = (self.prior(node), self.providers.of(declaration)?);
        let (schema, info) = instance.resource(declaration.type_name)?;
        let evaluated = self.inputs(declaration, prior, results).await?;
        let mut secrets: BTreeSet<String> = evaluated.secrets.union(&info.sensitive).cloned().collect();
        let fingerprint = fingerprint(declaration, instance, schema, &evaluated);
        // What another instance manages lies where this one may not reach: it is made anew here, and removed there.
        let moved = prior.is_some_and(|prior| prior.provider != Providers::name_of(declaration));
        let forced = moved || within(address, &self.settings.replaces) || vanishes(options, results);
        if let Some(prior) = prior
            && !forced
            && !self.settings.refresh
            && !vacated
            && unchanged(prior, fingerprint.as_ref())
            && !self.in_doubt(prior)
            && self.same_secrets(prior, &evaluated).await?
        {
            let (value, secret) = self.value(prior, &info.ty, self.wanted(node)).await?;
            secrets.extend(secret);
            let (change, found) = (None, Found::NotLooked);
            return Ok(Planned { step: Step::Same, evaluated, fingerprint, change, found, value, secrets });
        }
        let imports = options.import.as_deref().filter(|_| prior.is_none());
        let (object, found) = match (prior, imports) {
            (Some(prior), _) if !vacated => self.recorded_object(address, prior, &mut secrets).await?,
            (None, Some(id)) => {
                let object = self.imported_object(address, declaration, id, &secrets).await?;
                (Some(object.clone()), Found::Object(object))
            }
            _ => (None, Found::NotLooked),
        };
        let change = Self::change(declaration, instance, object.as_ref(), &evaluated.config, forced).await?;
        self.learn(&change.planned, &secrets);
        self.tell(Some(address), &change.diagnostics);
        let step = match change.action {
            _ if imports.is_some() && change.action != Action::Replace => Step::Import,
            Action::NoOp => Step::Same,
            Action::Create => Step::Create,
            Action::Update => Step::Update,
            Action::Delete => Step::Delete,
            Action::Replace if self.removed_first(node, options, results, object.as_ref()) => Step::DeleteThenCreate,
            Action::Replace => Step::Replace,
        };
        if change.action == Action::Replace {
            Self::refuse_replacement(options.protect || prior.is_some_and(|p| p.protect), imports, &change)?;
        }
        let value = change.planned.clone();
        spread(&value, &mut secrets);
        Ok(Planned { step, evaluated, fingerprint, change: Some(change), found, value, secrets })
    }

    /// The recorded object of a resource, or what there is of it when it is looked at. Adds what is recorded as secret.
    async fn recorded_object(
        &self,
        address: &str,
        prior: &Resource,
        secrets: &mut BTreeSet<String>,
    ) -> Result<(Option<Object>, Found), Diagnostics> {
        // An object stays with the provider instance that made it.
        let owner = self.providers.get(&prior.provider)?;
        let Some((recorded, secret)) = self.load(owner, prior).await? else { return Ok((None, Found::NotLooked)) };
        // What was secret is not shown as what was there before.
        secrets.extend(secret);
        if !self.settings.refresh && !self.in_doubt(prior) {
            return Ok((Some(recorded), Found::NotLooked));
        }
        let answer = self.look_at(owner, &prior.type_name, address, &recorded).await?;
        self.learn(answer.value.as_ref().map_or(&Value::Null, |object| &object.value), secrets);
        self.tell(Some(address), &answer.diagnostics);
        let found = answer.value.clone().map_or(Found::Gone, Found::Object);
        Ok((answer.value, found))
    }

    /// The existing object that a declaration names by its id.
    async fn imported_object(
        &self,
        address: &str,
        declaration: &Declaration,
        id: &str,
        secrets: &BTreeSet<String>,
    ) -> Result<Object, Diagnostics> {
        let host = &self.providers.of(declaration)?.host;
        let answer = host.import(declaration.type_name, id).await.map_err(diagnostics)?;
        self.learn(&answer.value.value, secrets);
        self.tell(Some(address), &answer.diagnostics);
        Ok(answer.value)
    }

    fn refuse_replacement(protect: bool, imports: Option<&str>, change: &Change) -> Result<(), Diagnostics> {
        let reasons: Vec<String> = change.replace.iter().map(|path| format!("`{path}`")).collect();
        let because = if reasons.is_empty() { String::new() } else { format!(", for {} changes", reasons.join(", ")) };
        let refuse = |summary: String, detail: &str| Err(Diagnostic::error(summary, detail).into());
        if protect {
            let detail = "Take back what replaces it, or unprotect it in the program and run `up` first.";
            return refuse(format!("It is protected, and would be replaced{because}"), detail);
        }
        if imports.is_some() {
            let detail = "An imported object is kept. Give the inputs the values that the object has.";
            return refuse(format!("It would be replaced when it is imported{because}"), detail);
        }
        Ok(())
    }

    /// Whether the object is removed before its replacement is made.
    fn removed_first(&self, node: usize, options: &Options, results: &Results, object: Option<&Object>) -> bool {
        // What was made half-way stands in the way of what is made anew.
        let tainted = || object.is_some_and(|object| object.tainted);
        let is_first = |given: &Given| given.step == Some(Step::DeleteThenCreate);
        let needed_is = |needed: &usize| results[*needed].get().is_some_and(is_first);
        let with = || self.edges[node].iter().any(|needed| needed_is(needed) && self.made_with(node, *needed));
        options.delete_before_replace.unwrap_or_else(|| tainted() || with())
    }

    /// What the provider says, with the replacements that the program and the user ask for.
    async fn change(
        declaration: &Declaration,
        instance: &Instance,
        object: Option<&Object>,
        config: &Value,
        forced: bool,
    ) -> Result<Change, Diagnostics> {
        let (host, schema) = (&instance.host, instance.resource(declaration.type_name)?.0);
        let replacing = &declaration.options.replace_on_changes;
        let replacing = Pattern::of("replace_on_changes", replacing, declaration, &pattern::attributes(schema))?;
        let change = host.plan(declaration.type_name, object, config).await.map_err(diagnostics)?;
        let mut replace: Vec<Path> = match (change.action, &change.prior) {
            (Action::Update, Some(prior)) => {
                replacing.iter().flat_map(|pattern| pattern.differences(&prior.value, &change.planned)).collect()
            }
            _ => Vec::new(),
        };
        let forced = forced && matches!(change.action, Action::Update | Action::NoOp);
        if replace.is_empty() && !forced {
            return Ok(change);
        }
        replace.sort();
        replace.dedup();
        let creation = host.plan(declaration.type_name, None, config).await.map_err(diagnostics)?;
        Ok(Change { action: Action::Replace, prior: change.prior, replace, ..creation })
    }

    /// Whether a recorded object may not be what is recorded: nothing is known of what was last done to it, or its provider has
    /// another configuration by now.
    fn in_doubt(&self, prior: &Resource) -> bool {
        prior.fingerprint.is_empty() || self.doubtful.contains(&prior.id)
    }
}

/// Whether it vanishes with something that is replaced.
fn vanishes(options: &Options, results: &Results) -> bool {
    let given = options.deleted_with.and_then(|Node(with)| results[with].get());
    matches!(given.and_then(|given| given.step), Some(Step::Replace | Step::DeleteThenCreate))
}

/// Whether nothing can have changed since the resource was recorded.
fn unchanged(prior: &Resource, fingerprint: Option<&String>) -> bool {
    let untainted = prior.object.as_ref().is_some_and(|object| !object.tainted);
    untainted && fingerprint.is_some_and(|fingerprint| *fingerprint == prior.fingerprint)
}

/// Stands for all that decides what a plan says, but for the values of secrets, which could be guessed at by it; none while the
/// configuration is unknown.
fn fingerprint(
    declaration: &Declaration,
    instance: &Instance,
    schema: &Schema,
    evaluated: &Evaluated,
) -> Option<String> {
    let options = &declaration.options;
    let mut config = json::to_json(&evaluated.config)?;
    for name in &evaluated.secrets {
        config[name] = json!(REDACTED);
    }
    let all = json!([
        declaration.type_name,
        Providers::name_of(declaration),
        instance.build,
        schema.version,
        options.ignore_changes,
        options.replace_on_changes,
        config,
        evaluated.secrets,
    ]);
    Some(Digest::of(all.to_string().as_bytes()).to_string())
}
