//! Which nodes continue which recorded resources, and which are operated on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, Settings};
use crate::program::Graph;
use crate::state::State;

/// For every node, the recorded resource of its address, or else of one of its aliases.
pub(super) fn priors(graph: &Graph, base: &State) -> Vec<Option<u64>> {
    let recorded: BTreeMap<&str, u64> =
        base.by_address().into_iter().map(|(address, resource)| (address, resource.id)).collect();
    let mut priors: Vec<Option<u64>> =
        graph.nodes.iter().map(|node| recorded.get(node.address.as_str()).copied()).collect();
    let mut taken: BTreeSet<u64> = priors.iter().flatten().copied().collect();
    for (prior, node) in priors.iter_mut().zip(&graph.nodes) {
        let Some(declaration) = node.declaration().filter(|_| prior.is_none()) else { continue };
        for alias in &declaration.options.aliases {
            let path = node.address.rsplit_once('/').map_or(String::new(), |(path, _)| format!("{path}/"));
            let by_name = format!("{path}{}.{alias}", declaration.type_name);
            let found = [alias.as_str(), by_name.as_str()].into_iter().find_map(|address| recorded.get(address));
            if let Some(id) = found
                && base.resources[id].type_name == declaration.type_name
                && taken.insert(*id)
            {
                *prior = Some(*id);
                break;
            }
        }
    }
    priors
}

/// For every node, whether it is operated on: targets with all that they need, less what is excluded.
pub(super) fn selected(graph: &Graph, edges: &[Vec<usize>], settings: &Settings) -> Vec<bool> {
    let mut selected: Vec<bool> = graph
        .nodes
        .iter()
        .map(|node| settings.targets.is_empty() || within(&node.address, &settings.targets))
        .collect();
    for node in (0..selected.len()).rev() {
        if selected[node] {
            edges[node].iter().for_each(|needed| selected[*needed] = true);
        }
    }
    for (selected, node) in selected.iter_mut().zip(&graph.nodes) {
        *selected &= !within(&node.address, &settings.excludes);
    }
    selected
}

/// Whether an address is one of these, or lies in a component that is.
fn within(address: &str, chosen: &BTreeSet<String>) -> bool {
    chosen.iter().any(|chosen| {
        address.strip_prefix(chosen.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

impl Engine {
    /// The recorded resources that are removed because nothing declares them, or because they were replaced.
    pub(crate) fn removals(&self) -> Vec<u64> {
        let kept: BTreeSet<u64> = self.priors.iter().flatten().copied().collect();
        let resources = self.base.resources.values();
        let removed = resources.filter(|resource| !kept.contains(&resource.id) && self.chosen(&resource.address));
        removed.map(|resource| resource.id).collect()
    }

    /// Whether the targets and what is left out leave this address to be operated on.
    pub(crate) fn chosen(&self, address: &str) -> bool {
        let Settings { targets, excludes, .. } = &self.settings;
        (targets.is_empty() || within(address, targets)) && !within(address, excludes)
    }

    /// The recorded resources that a destruction removes: the targets and all that was made with them.
    pub(crate) fn doomed(&self) -> BTreeSet<u64> {
        let resources = &self.base.resources;
        let chosen = resources.values().filter(|resource| self.chosen(&resource.address));
        let mut doomed: BTreeSet<u64> = chosen.map(|resource| resource.id).collect();
        loop {
            let uses = |resource: &&crate::state::Resource| {
                let needed = super::remove::needed(resource);
                !within(&resource.address, &self.settings.excludes) && needed.iter().any(|id| doomed.contains(id))
            };
            let more: BTreeSet<u64> = resources.values().filter(uses).map(|resource| resource.id).collect();
            let before = doomed.len();
            doomed.extend(more);
            if doomed.len() == before {
                return doomed;
            }
        }
    }

    /// Targets and the like that name nothing.
    pub(crate) fn strangers(&self) -> Vec<String> {
        let Settings { targets, excludes, replaces, .. } = &self.settings;
        let known = |chosen: &String| {
            let one = std::iter::once(chosen.clone()).collect();
            let recorded = self.base.resources.values().map(|resource| resource.address.as_str());
            self.graph.addresses().chain(recorded).any(|address| within(address, &one))
        };
        targets.iter().chain(excludes).chain(replaces).filter(|chosen| !known(chosen)).cloned().collect()
    }
}
