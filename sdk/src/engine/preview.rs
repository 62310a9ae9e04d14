//! Plans the whole graph: what `up` would do, and what it may do at most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use framework::declare::{Declaration, Kind};
use framework::{Diagnostics, Value};

use super::bound::Bound;
use super::hidden::redacted_pair;
use super::plan::Planned;
use super::select::within;
use super::subject::about;
use super::walk::walk;
use super::{Bounds, Engine, Given, Problem, Results};
use crate::event::{Event, Reason, Step, Summary};
use crate::providers::sensitive;
use crate::sync::lock;

/// What a preview found.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    pub(crate) bounds: Bounds,
    /// The resources of which something may have to be sealed, each with an attribute that is secret.
    pub(crate) secrets: BTreeMap<String, String>,
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
        walk(&self.edges, &self.users, self.settings.parallel, |node, slot| {
            let (engine, results, preview) = (Arc::clone(self), Arc::clone(&results), Arc::clone(&preview));
            async move {
                let _slot = slot;
                let address = &engine.graph.nodes[node].address;
                let given = match about(address, engine.preview_node(node, &results, &preview)).await {
                    Ok(given) => given,
                    Err(diagnostics) => {
                        let problem = engine.problem(node, diagnostics);
                        lock(&preview).problems.push(problem);
                        Given::failed(format!("{address} cannot be planned"))
                    }
                };
                let _ = results[node].set(given);
            }
        })
        .await;
        let mut preview = std::mem::take(&mut *lock(&preview));
        preview.problems.extend(self.strangers());
        self.preview_removals(&mut preview);
        self.tell_left_out();
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
        if let Some(given) = self.untouched(node, results, true).await? {
            return Ok(given);
        }
        let Some(declaration) = self.graph.nodes[node].declaration() else {
            return Ok(Given { value: Value::Null, ids: self.priors[node].into_iter().collect(), ..Given::unknown() });
        };
        if declaration.kind == Kind::DataSource {
            return self.preview_data(node, declaration, results).await;
        }
        let mut planned = self.plan_node(node, declaration, results, false).await?;
        self.announce(node, &planned);
        let mut preview = lock(preview);
        preview.summary.count(planned.step);
        // What the provider was not asked about is recorded as it is already.
        let mut secrets = planned.secrets.iter().filter(|_| planned.change.is_some());
        if let Some(name) = secrets.find(|name| !planned.value.member(name).is_null()) {
            preview.secrets.insert(self.graph.nodes[node].address.clone(), name.clone());
        }
        if planned.step != Step::Same {
            let address = &self.graph.nodes[node].address;
            preview.bounds.insert(address.clone(), Bound::of(&mut planned));
            preview.steps.push((address.clone(), planned.step));
        }
        Ok(Given {
            value: planned.value,
            secrets: planned.secrets,
            ids: self.priors[node].into_iter().collect(),
            failed: None,
            step: Some(planned.step),
        })
    }

    /// What a node gives that is not operated on: what is recorded of it, or nothing, with the reason. None for one that is.
    ///
    /// `changes` says whether the plan may do anything to it; what stays as it is goes on when something fails that it needs.
    pub(crate) async fn untouched(
        &self,
        node: usize,
        results: &Results,
        changes: bool,
    ) -> Result<Option<Given>, Diagnostics> {
        let failed = self.edges[node].iter().find_map(|needed| results[*needed].get()?.failed.as_ref());
        if self.selected[node] && failed.is_none() {
            return Ok(None);
        }
        let prior = self.prior(node);
        if let (Some(prior), Some(declaration)) = (prior, self.graph.nodes[node].declaration())
            && !(self.selected[node] && changes)
        {
            let (_, info) = self.providers.of(declaration)?.resource(declaration.type_name)?;
            let (value, secrets) = self.value(prior, &info.ty, self.wanted(node)).await?;
            return Ok(Some(Given { value, secrets, ids: vec![prior.id], ..Given::unknown() }));
        }
        let address = &self.graph.nodes[node].address;
        if self.selected[node] {
            let reason = failed.cloned().unwrap_or_default();
            self.report(Event::Skipped { address: address.clone(), reason: reason.clone() });
            return Ok(Some(Given::failed(reason)));
        }
        let is_component = self.graph.nodes[node].declaration().is_none();
        let left_out = || Given::failed(format!("{address} is left out and not recorded"));
        Ok(Some(if is_component { Given::unknown() } else { left_out() }))
    }

    /// Reads a declared data source, unless only `up` can: then what it gives is unknown.
    async fn preview_data(
        &self,
        node: usize,
        declaration: &Declaration,
        results: &Results,
    ) -> Result<Given, Diagnostics> {
        let changes = |needed: usize| {
            let step = results[needed].get().and_then(|given| given.step);
            step.is_some_and(|step| step != Step::Same)
        };
        if !self.graph.depends_on(declaration).any(changes) {
            let given = self.read_node(node, declaration, results).await?;
            if !given.value.is_unknown() {
                return Ok(given);
            }
        }
        let (address, location) = (self.graph.nodes[node].address.clone(), self.graph.nodes[node].location());
        let (before, after, step) = (Value::Null, Value::UNKNOWN, Step::Read);
        let (hidden, replace, reason) = (BTreeSet::new(), Vec::new(), None);
        self.report(Event::Planned { address, step, before, after, hidden, replace, reason, location });
        // Secrets among it stay so while it is unknown.
        let secrets = sensitive(&self.providers.of(declaration)?.data_source(declaration.type_name)?.block);
        Ok(Given { secrets, ids: self.ids_below(node, results), step: Some(Step::Read), ..Given::unknown() })
    }

    /// Reads a declared data source, once all that it takes is known.
    pub(crate) async fn read_node(
        &self,
        node: usize,
        declaration: &Declaration,
        results: &Results,
    ) -> Result<Given, Diagnostics> {
        let instance = self.providers.of(declaration)?;
        let schema = instance.data_source(declaration.type_name)?;
        let evaluated = Self::evaluate(results, declaration, schema)?;
        let ids = self.ids_below(node, results);
        let block = &schema.block;
        let secrets = if evaluated.secrets.is_empty() {
            sensitive(block)
        } else {
            // What was read with a secret may repeat it.
            block.attributes.keys().chain(block.blocks.keys()).cloned().collect()
        };
        if !evaluated.config.is_wholly_known() {
            return Ok(Given { secrets, ids, ..Given::unknown() });
        }
        self.learn(&evaluated.config, &evaluated.secrets);
        let value = instance.read_data(declaration.type_name, &evaluated.config).await?;
        self.learn(&value, &secrets);
        Ok(Given { value, secrets, ids, ..Given::unknown() })
    }

    /// Tells what the plan says.
    fn announce(&self, node: usize, planned: &Planned) {
        if planned.step == Step::Same {
            return;
        }
        let node = &self.graph.nodes[node];
        let prior = planned.change.as_ref().and_then(|change| change.prior.as_ref());
        let recorded = prior.map_or(&Value::Null, |object| &object.value);
        let (before, after, hidden) = redacted_pair(recorded, &planned.value, &planned.secrets);
        let replace = planned.change.as_ref().map(|change| change.replace.clone()).unwrap_or_default();
        let reason = match planned.step {
            Step::Replace | Step::DeleteThenCreate if within(&node.address, &self.settings.replaces) => {
                Some(Reason::Asked)
            }
            Step::DeleteThenCreate if prior.is_some_and(|object| object.tainted) => Some(Reason::Incomplete),
            _ => None,
        };
        let (address, step, location) = (node.address.clone(), planned.step, node.location());
        self.report(Event::Planned { address, step, before, after, hidden, replace, reason, location });
    }
}
