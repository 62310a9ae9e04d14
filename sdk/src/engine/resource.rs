//! A declared resource as it is recorded.

use framework::declare::{Declaration, Moment};
use framework::{Diagnostics, json};
use serde_json::Value as Json;

use super::evaluate::Evaluated;
use super::load::vault_error;
use super::{Engine, Results};
use crate::providers::Providers;
use crate::state::{Input, Resource};
use crate::vault::{Group, INPUTS};

impl Engine {
    /// What is recorded of a component under this id.
    pub(super) fn component(&self, node: usize, id: u64, results: &Results) -> Resource {
        Resource { component: true, ..self.declared(node, id, results) }
    }

    /// What is recorded of any node under this id.
    fn declared(&self, node: usize, id: u64, results: &Results) -> Resource {
        let graph_node = &self.graph.nodes[node];
        Resource {
            parent: graph_node.parent.and_then(|parent| results[parent].get()?.ids.first().copied()),
            dependencies: self.ids_below(node, results),
            location: graph_node.location(),
            ..Resource::new(id, &graph_node.address, graph_node.type_name())
        }
    }

    /// What is recorded of a resource under this id, without its object.
    pub(super) async fn resource(
        &self,
        node: usize,
        id: u64,
        declaration: &Declaration,
        evaluated: &Evaluated,
        results: &Results,
    ) -> Result<Resource, Diagnostics> {
        let mut resource = self.declared(node, id, results);
        let options = &declaration.options;
        Providers::name_of(declaration).clone_into(&mut resource.provider);
        let recorded = self.base.resources.get(&id);
        for (name, expr) in &declaration.inputs {
            let value = json::to_json(evaluated.config.member(name)).unwrap_or_default();
            let value = if evaluated.write_only.contains(name) { Json::Null } else { value };
            let secret = evaluated.secrets.contains(name) && !value.is_null();
            let value = if secret {
                let recorded = recorded.and_then(|recorded| recorded.inputs.get(name)).map(|input| &input.value);
                let sealed = self.vault.seal(Group::Resource(id, INPUTS), name, &value, recorded).await;
                sealed.map_err(vault_error)?
            } else {
                value
            };
            resource.inputs.insert(name.clone(), Input { value, references: self.references(expr) });
        }
        let with = options.deleted_with.and_then(|node| results[node.0].get()?.ids.first().copied());
        resource.deleted_with = with;
        resource.protect = options.protect;
        resource.retain_on_delete = options.retain_on_delete;
        let timeout = options.timeouts.delete.map(|timeout| timeout.as_millis());
        resource.delete_timeout = timeout.map(|timeout| u64::try_from(timeout).unwrap_or(u64::MAX));
        let deletes = |moment| matches!(moment, Moment::BeforeDelete | Moment::AfterDelete);
        resource.delete_hooks = options.hooks.iter().any(|hook| deletes(hook.moment));
        Ok(resource)
    }
}
