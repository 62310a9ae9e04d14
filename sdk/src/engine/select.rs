//! Which nodes continue which recorded resources, and which are operated on.

use std::collections::{BTreeMap, BTreeSet};

use framework::{Diagnostic, Severity};

use super::{Engine, Problem, Settings};
use crate::event::Event;
use crate::program::Graph;
use crate::state::State;

/// Something that is not removed, for something that is left out uses it.
pub(crate) struct Kept {
    address: String,
    user: String,
}

/// For every node, the recorded resource of its address, or else of one that it had before.
pub(super) fn priors(graph: &Graph, base: &State) -> Vec<Option<u64>> {
    let recorded: BTreeMap<&str, u64> =
        base.by_address().into_iter().map(|(address, resource)| (address, resource.id)).collect();
    let mut priors: Vec<Option<u64>> =
        graph.nodes.iter().map(|node| recorded.get(node.address.as_str()).copied()).collect();
    let mut taken: BTreeSet<u64> = priors.iter().flatten().copied().collect();
    let former = former(graph);
    for ((prior, node), former) in priors.iter_mut().zip(&graph.nodes).zip(former) {
        if prior.is_none() {
            let mut found = former.iter().filter_map(|address| recorded.get(address.as_str()).copied());
            *prior = found.find(|id| base.resources[id].type_name == node.type_name() && taken.insert(*id));
        }
    }
    priors
}

/// The recorded resources whose objects may not be what is recorded: an operation on it never ended, or what it replaced is
/// yet to be removed.
pub(super) fn doubtful(base: &State) -> BTreeSet<u64> {
    let outgoing: BTreeSet<&str> = base
        .resources
        .values()
        .filter(|resource| resource.outgoing)
        .map(|resource| resource.address.as_str())
        .collect();
    let replacing = base.resources.values().filter(|resource| outgoing.contains(resource.address.as_str()));
    let pending = base.pending.values().map(|pending| pending.resource);
    replacing.map(|resource| resource.id).chain(pending).collect()
}

/// For every node, the addresses that it may have had before: by its own aliases, and by those of the components around it.
fn former(graph: &Graph) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let (path, name) =
            node.address.rsplit_once('/').map_or(("", node.address.as_str()), |(path, name)| (path, name));
        let above = node.parent.map_or(&[][..], |parent| all[parent].as_slice());
        if node.aliases().is_empty() && above.is_empty() {
            all.push(Vec::new());
            continue;
        }
        let below = |path: &str, name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let mut former: Vec<String> = node.aliases().to_vec();
        for path in std::iter::once(path).chain(above.iter().map(String::as_str)) {
            former.push(below(path, name));
            for alias in node.aliases() {
                former.push(below(path, alias));
                if node.declaration().is_some() {
                    former.push(below(path, &format!("{}.{alias}", node.type_name())));
                }
            }
        }
        former.retain(|address| *address != node.address);
        all.push(former);
    }
    all
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
pub(super) fn within(address: &str, chosen: &BTreeSet<String>) -> bool {
    chosen.iter().any(|chosen| {
        address.strip_prefix(chosen.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

impl Engine {
    /// The recorded resources that are removed because nothing declares them, or because they were replaced; and what must be
    /// kept for what is left out.
    pub(crate) fn removals(&self) -> (BTreeSet<u64>, Vec<Kept>) {
        let declared: BTreeMap<u64, usize> =
            self.priors.iter().enumerate().filter_map(|(node, id)| Some(((*id)?, node))).collect();
        let resources = self.base.resources.values();
        let removed =
            resources.filter(|resource| !declared.contains_key(&resource.id) && self.chosen(&resource.address));
        let removed = removed.map(|resource| resource.id).collect();
        // What is declared and operated on needs only what is declared from then on.
        self.unused(removed, |id| declared.get(&id).is_none_or(|node| !self.selected[*node]))
    }

    /// Those of `removed` that nothing needs that stays as it is.
    fn unused(&self, mut removed: BTreeSet<u64>, stays: impl Fn(u64) -> bool) -> (BTreeSet<u64>, Vec<Kept>) {
        let mut kept = Vec::new();
        if removed.is_empty() {
            return (removed, kept);
        }
        let mut staying: Vec<u64> = self.base.resources.keys().copied().collect();
        staying.retain(|id| !removed.contains(id) && stays(*id));
        while let Some(id) = staying.pop() {
            let user = &self.base.resources[&id];
            for needed in user.needs() {
                if removed.remove(needed) {
                    let address = self.base.resources[needed].address.clone();
                    kept.push(Kept { address, user: user.address.clone() });
                    staying.push(*needed);
                }
            }
        }
        (removed, kept)
    }

    /// Tells what is not removed, and why not.
    pub(super) fn tell_kept(&self, kept: Vec<Kept>) {
        for Kept { address, user } in kept {
            let reason = format!("{user}, which is left out, still uses it");
            self.report(Event::Skipped { address, reason });
        }
    }

    /// Says that the plan is not about everything.
    pub(super) fn tell_left_out(&self) {
        let left_out = self.selected.iter().filter(|selected| !**selected).count();
        if left_out > 0 {
            let text = format!(
                "{left_out} of {} declarations are left out by targets or excludes; until a run without them, the stack may \
                 not be what the program declares",
                self.selected.len()
            );
            self.report(Event::Message { severity: Severity::Warning, address: None, location: None, text });
        }
    }

    /// Whether the targets and what is left out leave this address to be operated on.
    pub(crate) fn chosen(&self, address: &str) -> bool {
        let Settings { targets, excludes, .. } = &self.settings;
        (targets.is_empty() || within(address, targets)) && !within(address, excludes)
    }

    /// The recorded resources that a destruction removes: the targets and all that was made with them, less what is needed by
    /// what is left out.
    pub(crate) fn doomed(&self) -> BTreeSet<u64> {
        let (doomed, kept) = self.unused(self.chosen_with_users(), |_| true);
        self.tell_kept(kept);
        doomed
    }

    fn chosen_with_users(&self) -> BTreeSet<u64> {
        let resources = &self.base.resources;
        let chosen = resources.values().filter(|resource| self.chosen(&resource.address));
        let mut doomed: BTreeSet<u64> = chosen.map(|resource| resource.id).collect();
        let mut users = BTreeMap::<u64, Vec<u64>>::new();
        for user in resources.values().filter(|resource| !within(&resource.address, &self.settings.excludes)) {
            for id in user.needs() {
                users.entry(*id).or_default().push(user.id);
            }
        }
        let mut found: Vec<u64> = doomed.iter().copied().collect();
        while let Some(id) = found.pop() {
            let users = users.remove(&id).unwrap_or_default();
            found.extend(users.into_iter().filter(|user| doomed.insert(*user)));
        }
        doomed
    }

    /// The problems with targets and the like that name nothing.
    pub(crate) fn strangers(&self) -> Vec<Problem> {
        let Settings { targets, excludes, replaces, .. } = &self.settings;
        let known = |chosen: &String| {
            let one = std::iter::once(chosen.clone()).collect();
            let recorded = self.base.resources.values().map(|resource| resource.address.as_str());
            self.graph.addresses().chain(recorded).any(|address| within(address, &one))
        };
        let problem = |stranger: &String| {
            let detail =
                "Neither the program nor the state has it; addresses are as `preview` and `state list` show them.";
            let diagnostics = Diagnostic::error(format!("No resource {stranger}"), detail).into();
            self.tell(None, &diagnostics);
            Problem { address: None, location: None, diagnostics }
        };
        targets.iter().chain(excludes).chain(replaces).filter(|chosen| !known(chosen)).map(problem).collect()
    }
}
