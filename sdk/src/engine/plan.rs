//! What happens to one node, given what the nodes before it give. The same code plans a preview, and again when changes are
//! made.

use std::collections::BTreeSet;
use std::sync::Arc;

use disk::Digest;
use framework::declare::{Declaration, Kind};
use framework::host::{Action, Change, Object};
use framework::{Diagnostic, Diagnostics, Schema, Value, json};
use serde_json::json;

use super::evaluate::Evaluated;
use super::walk::walk;
use super::{Bounds, Engine, Given, Problem, Results, redacted};
use crate::engine::bound::Bound;
use crate::event::{Event, Step, Summary};
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

/// What a preview found.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    pub(crate) bounds: Bounds,
    pub(crate) summary: Summary,
    pub(crate) problems: Vec<Problem>,
    /// The steps other than [`Step::Same`], in the order in which they were found.
    pub(crate) steps: Vec<(String, Step)>,
    pub(crate) results: Option<Results>,
}

impl Engine {
    /// Plans the whole graph.
    pub(crate) async fn preview(self: &Arc<Self>) -> Preview {
        let results = self.results();
        let preview = Arc::new(std::sync::Mutex::new(Preview::default()));
        walk(&self.edges, self.settings.parallel, |node| {
            let (engine, results, preview) = (Arc::clone(self), Arc::clone(&results), Arc::clone(&preview));
            async move {
                let given = match engine.preview_node(node, &results, &preview).await {
                    Ok(given) => given,
                    Err(diagnostics) => {
                        let problem = engine.problem(node, diagnostics);
                        lock(&preview).problems.push(problem);
                        Given::failed(format!("{} cannot be planned", engine.graph.nodes[node].address))
                    }
                };
                let _ = results[node].set(given);
            }
        })
        .await;
        let mut preview = std::mem::take(&mut *lock(&preview));
        for stranger in self.strangers() {
            let detail =
                "Neither the program nor the state has it; addresses are as `preview` and `state list` show them.";
            let diagnostics: Diagnostics = Diagnostic::error(format!("No resource {stranger}"), detail).into();
            self.tell(None, &diagnostics);
            preview.problems.push(Problem { address: None, location: None, diagnostics });
        }
        self.preview_removals(&mut preview);
        preview.results = Some(results);
        self.report(Event::PlanEnded { summary: preview.summary, refreshed: self.settings.refresh });
        preview
    }

    async fn preview_node(
        &self,
        node: usize,
        results: &Results,
        preview: &std::sync::Mutex<Preview>,
    ) -> Result<Given, Diagnostics> {
        if let Some(given) = self.untouched(node, results)? {
            return Ok(given);
        }
        let Some(declaration) = self.graph.nodes[node].declaration() else {
            return Ok(Given { value: Value::Null, ids: self.priors[node].into_iter().collect(), ..Given::unknown() });
        };
        if declaration.kind == Kind::DataSource {
            return self.read_node(node, declaration, results).await;
        }
        let planned = self.plan_node(node, declaration, results).await?;
        self.announce(node, &planned);
        let mut preview = lock(preview);
        preview.summary.count(planned.step);
        if planned.step != Step::Same {
            let address = &self.graph.nodes[node].address;
            preview.bounds.insert(address.clone(), Bound::of(&planned));
            preview.steps.push((address.clone(), planned.step));
        }
        Ok(Given {
            value: planned.value,
            secrets: planned.secrets,
            ids: self.priors[node].into_iter().collect(),
            failed: None,
        })
    }

    /// What a node gives that is not operated on: what is recorded of it, or nothing. None for one that is.
    pub(crate) fn untouched(&self, node: usize, results: &Results) -> Result<Option<Given>, Diagnostics> {
        let failed = self.edges[node].iter().find_map(|needed| results[*needed].get()?.failed.as_ref());
        if let Some(reason) = failed {
            if self.selected[node] {
                let address = self.graph.nodes[node].address.clone();
                self.report(Event::Skipped { address, reason: reason.clone() });
            }
            return Ok(Some(Given::failed(reason.clone())));
        }
        if self.selected[node] {
            return Ok(None);
        }
        let prior = self.priors[node].map(|id| &self.base.resources[&id]);
        let (Some(prior), Some(declaration)) = (prior, self.graph.nodes[node].declaration()) else {
            let is_resource = self.graph.nodes[node].declaration().is_some() && !self.graph.nodes[node].is_data();
            let reason = format!("{} is left out and not recorded", self.graph.nodes[node].address);
            return Ok(Some(if is_resource { Given::failed(reason) } else { Given::unknown() }));
        };
        let (_, info) = self.providers.of(declaration)?.resource(declaration.type_name)?;
        let (value, secrets) = self.value(prior, &info.ty)?;
        Ok(Some(Given { value, secrets, ids: vec![prior.id], failed: None }))
    }

    /// Reads a declared data source, once all that it takes is known.
    pub(crate) async fn read_node(
        &self,
        node: usize,
        declaration: &Declaration,
        results: &Results,
    ) -> Result<Given, Diagnostics> {
        let instance = self.providers.of(declaration)?;
        let evaluated = Self::evaluate(results, declaration, instance.data_source(declaration.type_name)?)?;
        let ids = self.ids_below(node, results);
        let all_secret = !evaluated.secrets.is_empty();
        if !evaluated.config.is_wholly_known() {
            return Ok(Given { ids, ..Given::unknown() });
        }
        let value = instance.read_data(declaration.type_name, &evaluated.config).await?;
        let names = value.as_map().into_iter().flatten().map(|(name, _)| name.clone());
        // What was read with a secret may repeat it.
        let secrets = if all_secret { names.collect() } else { BTreeSet::new() };
        Ok(Given { value, secrets, ids, failed: None })
    }

    /// The recorded resources that a node needs, sorted.
    pub(crate) fn ids_below(&self, node: usize, results: &Results) -> Vec<u64> {
        let given = self.edges[node].iter().filter_map(|needed| results[*needed].get());
        let ids: BTreeSet<u64> = given.flat_map(|given| given.ids.iter().copied()).collect();
        ids.into_iter().collect()
    }

    /// Plans a resource.
    pub(crate) async fn plan_node(
        &self,
        node: usize,
        declaration: &Declaration,
        results: &Results,
    ) -> Result<Planned, Diagnostics> {
        let (address, options) = (&self.graph.nodes[node].address, &declaration.options);
        let instance = self.providers.of(declaration)?;
        let (schema, info) = instance.resource(declaration.type_name)?;
        let prior = self.priors[node].map(|id| &self.base.resources[&id]);
        let mut evaluated = Self::evaluate(results, declaration, schema)?;
        if let Some(prior) = prior.filter(|prior| prior.object.is_some() && !options.ignore_changes.is_empty()) {
            let (recorded, _) = self.value(prior, &info.ty)?;
            ignore(&mut evaluated.config, &recorded, &options.ignore_changes);
        }
        let secrets: BTreeSet<String> = evaluated.secrets.union(&info.sensitive).cloned().collect();
        let fingerprint = fingerprint(declaration, instance, schema, &evaluated.config);
        let forced = self.settings.replaces.contains(address);
        if let Some(prior) = prior
            && !forced
            && !self.settings.refresh
            && unchanged(prior, fingerprint.as_ref())
            && !self.in_doubt(prior.id)
        {
            let (value, secret) = self.value(prior, &info.ty)?;
            let secrets = secrets.union(&secret).cloned().collect();
            let (change, found) = (None, Found::NotLooked);
            return Ok(Planned { step: Step::Same, evaluated, fingerprint, change, found, value, secrets });
        }
        let (mut object, mut found) = (None, Found::NotLooked);
        if let Some(prior) = prior {
            object = self.load(instance, prior).await?.map(|(object, _)| object);
            if let Some(recorded) = object.take_if(|_| self.settings.refresh || self.in_doubt(prior.id)) {
                let answer = instance.host.refresh(declaration.type_name, &recorded).await.map_err(diagnostics)?;
                self.tell(Some(address), &answer.diagnostics);
                object.clone_from(&answer.value);
                found = answer.value.map_or(Found::Gone, Found::Object);
            }
        }
        let imports = options.import.as_deref().filter(|_| prior.is_none());
        if let Some(id) = imports {
            let answer = instance.host.import(declaration.type_name, id).await.map_err(diagnostics)?;
            self.tell(Some(address), &answer.diagnostics);
            object = Some(answer.value.clone());
            found = Found::Object(answer.value);
        }
        let change = self.change(declaration, instance, object.as_ref(), &evaluated.config, forced).await?;
        self.tell(Some(address), &change.diagnostics);
        let step = match change.action {
            _ if imports.is_some() && change.action != Action::Replace => Step::Import,
            Action::NoOp => Step::Same,
            Action::Create => Step::Create,
            Action::Update => Step::Update,
            Action::Delete => Step::Delete,
            // What was made half-way stands in the way of what is made anew.
            Action::Replace if options.delete_before_replace || object.as_ref().is_some_and(|o| o.tainted) => {
                Step::DeleteThenCreate
            }
            Action::Replace => Step::Replace,
        };
        if change.action == Action::Replace {
            Self::refuse_replacement(address, options.protect || prior.is_some_and(|p| p.protect), imports)?;
        }
        let value = change.planned.clone();
        Ok(Planned { step, evaluated, fingerprint, change: Some(change), found, value, secrets })
    }

    fn refuse_replacement(address: &str, protect: bool, imports: Option<&str>) -> Result<(), Diagnostics> {
        let refuse = |summary: String, detail: &str| Err(Diagnostic::error(summary, detail).into());
        if protect {
            let detail =
                "It is protected. Take back what replaces it, or unprotect it in the program and run `up` first.";
            return refuse(format!("{address} would be replaced"), detail);
        }
        if imports.is_some() {
            let detail = "An imported object is kept. Give the inputs the values that the object has.";
            return refuse(format!("{address} would be replaced when it is imported"), detail);
        }
        Ok(())
    }

    /// What the provider says, with the replacements that the program and the user ask for.
    async fn change(
        &self,
        declaration: &Declaration,
        instance: &Instance,
        object: Option<&Object>,
        config: &Value,
        forced: bool,
    ) -> Result<Change, Diagnostics> {
        let host = &instance.host;
        let change = host.plan(declaration.type_name, object, config).await.map_err(diagnostics)?;
        let changed = |name: &String| {
            change.prior.as_ref().is_some_and(|prior| prior.value.member(name) != change.planned.member(name))
        };
        let by_option = declaration.options.replace_on_changes.iter().any(changed);
        let replaces = match change.action {
            Action::Update => forced || by_option,
            Action::NoOp => forced,
            _ => false,
        };
        if !replaces {
            return Ok(change);
        }
        let creation = host.plan(declaration.type_name, None, config).await.map_err(diagnostics)?;
        Ok(Change { action: Action::Replace, prior: change.prior, ..creation })
    }

    /// Whether a recorded object may not be what is recorded, for an operation on it never ended.
    fn in_doubt(&self, id: u64) -> bool {
        self.base.pending.values().any(|pending| pending.resource == id)
    }

    /// Tells what the plan says.
    fn announce(&self, node: usize, planned: &Planned) {
        if planned.step == Step::Same {
            return;
        }
        let node = &self.graph.nodes[node];
        let prior = planned.change.as_ref().and_then(|change| change.prior.as_ref());
        self.report(Event::Planned {
            address: node.address.clone(),
            step: planned.step,
            before: prior.map_or(Value::Null, |object| redacted(&object.value, &planned.secrets)),
            after: redacted(&planned.value, &planned.secrets),
            replace: planned.change.as_ref().map(|change| change.replace.clone()).unwrap_or_default(),
            location: node.location(),
        });
    }

    /// What a program exports, with what the nodes gave; unknown where that is.
    pub(crate) fn exports(&self, results: &Results) -> (Vec<(String, Value, bool)>, Vec<Problem>) {
        let (mut exports, mut problems) = (Vec::new(), Vec::new());
        for (name, expr) in &self.graph.exports {
            match Self::resolve(results, expr) {
                Ok(resolved) => exports.push((name.clone(), resolved.value, resolved.secret)),
                Err(error) => {
                    let diagnostics: Diagnostics =
                        Diagnostic::error(format!("Export {name:?} has no value"), error.to_string()).into();
                    self.tell(None, &diagnostics);
                    problems.push(Problem { address: None, location: None, diagnostics });
                }
            }
        }
        (exports, problems)
    }
}

/// Whether nothing can have changed since the resource was recorded.
fn unchanged(prior: &Resource, fingerprint: Option<&String>) -> bool {
    let untainted = prior.object.as_ref().is_some_and(|object| !object.tainted);
    untainted && fingerprint.is_some_and(|fingerprint| *fingerprint == prior.fingerprint)
}

/// Stands for all that decides what a plan says; none while the configuration is unknown.
fn fingerprint(declaration: &Declaration, instance: &Instance, schema: &Schema, config: &Value) -> Option<String> {
    let options = &declaration.options;
    let all = json!([
        declaration.type_name,
        Providers::name_of(declaration),
        instance.build,
        schema.version,
        options.ignore_changes,
        options.replace_on_changes,
        json::to_json(config)?,
    ]);
    Some(Digest::of(all.to_string().as_bytes()).to_string())
}

/// Gives the inputs whose changes are passed over the values that are recorded.
fn ignore(config: &mut Value, recorded: &Value, ignored: &[String]) {
    let Value::Map(members) = config else { return };
    for name in ignored {
        if let Some(member) = members.get_mut(name) {
            member.clone_from(recorded.member(name));
        }
    }
}

pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
