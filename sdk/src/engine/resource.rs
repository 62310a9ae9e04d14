//! A declared resource as it is recorded.

use std::collections::BTreeMap;

use framework::declare::Moment;
use framework::{Diagnostics, json};

use super::evaluate::Evaluated;
use super::load::vault_error;
use super::{Engine, Results};
use crate::program::Body;
use crate::providers::Providers;
use crate::state::{Input, Resource};

impl Engine {
    /// What is recorded of a node under this id, without its object.
    pub(super) fn resource(
        &self,
        node: usize,
        id: u64,
        evaluated: Option<&Evaluated>,
        results: &Results,
    ) -> Result<Resource, Diagnostics> {
        let graph_node = &self.graph.nodes[node];
        let mut resource = Resource {
            id,
            address: graph_node.address.clone(),
            type_name: String::new(),
            provider: String::new(),
            component: false,
            inputs: BTreeMap::new(),
            fingerprint: String::new(),
            dependencies: self.ids_below(node, results),
            deleted_with: None,
            protect: false,
            retain_on_delete: false,
            delete_timeout: None,
            delete_hooks: false,
            outgoing: false,
            object: None,
            location: graph_node.location(),
        };
        let (declaration, evaluated) = match (&graph_node.body, evaluated) {
            (Body::Component(type_name), _) => {
                type_name.clone_into(&mut resource.type_name);
                resource.component = true;
                return Ok(resource);
            }
            (Body::Declaration(declaration), Some(evaluated)) => (declaration, evaluated),
            (Body::Declaration(declaration), None) => {
                declaration.type_name.clone_into(&mut resource.type_name);
                return Ok(resource);
            }
        };
        let options = &declaration.options;
        declaration.type_name.clone_into(&mut resource.type_name);
        Providers::name_of(declaration).clone_into(&mut resource.provider);
        for (name, expr) in &declaration.inputs {
            let value = json::to_json(evaluated.config.member(name)).unwrap_or_default();
            let secret = evaluated.secrets.contains(name) && !value.is_null();
            let place = format!("{id}/inputs/{name}");
            let value = if secret { self.vault.seal(&place, &value).map_err(vault_error)? } else { value };
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
