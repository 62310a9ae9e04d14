//! What is kept of earlier updates: the journal forgets its records when it is compacted, so each update holds what was there
//! before it.

use serde_json::Value as Json;

use super::{Resource, State, Update};
use crate::vault::is_sealed;

/// The most updates that are kept.
const UPDATES: usize = 100;
/// How many bytes of earlier resources are kept at least, all updates but the latest two together. A larger stack keeps as much
/// as it holds.
const BYTES: usize = 256 * 1024;

impl State {
    /// Begins an update, and forgets what is too old.
    pub(super) fn begin(&mut self, update: Update) {
        self.updates.push(update);
        let surplus = self.updates.len().saturating_sub(UPDATES);
        self.updates.drain(..surplus);
        let mut budget = self.resources.values().map(bytes).sum::<usize>().max(BYTES);
        // The one before this is kept whole, however large it is.
        for update in self.updates.iter_mut().rev().skip(2) {
            let kept = update.before.values().flatten().map(|resource| bytes(resource)).sum();
            if kept > budget {
                // What is older is of no use without it.
                update.before.clear();
                budget = 0;
            }
            budget = budget.saturating_sub(kept);
        }
    }

    /// Takes what earlier updates kept in plain of a resource whose values are secret by now: it reads null there from now on.
    pub(super) fn hide(&mut self, now: &Resource) {
        let Some(before) = self.resources.get(&now.id) else { return };
        let became = |name: &str, value: &Json, was: Option<&Json>| {
            (is_sealed(value) && was.is_some_and(|was| !is_sealed(was))).then(|| name.to_owned())
        };
        let was = |name: &str| before.inputs.get(name).map(|input| &input.value);
        let inputs: Vec<_> =
            now.inputs.iter().filter_map(|(name, input)| became(name, &input.value, was(name))).collect();
        let was = |name: &str| before.object.as_ref()?.value.get(name);
        let values = now.object.iter().flat_map(|object| &object.value);
        let values: Vec<_> = values.filter_map(|(name, value)| became(name, value, was(name))).collect();
        if inputs.is_empty() && values.is_empty() {
            return;
        }
        let earlier = self.updates.iter_mut().filter_map(|update| update.before.get_mut(&now.id)?.as_deref_mut());
        for resource in earlier.chain(self.resources.get_mut(&now.id)) {
            let input = resource.inputs.iter_mut().filter(|(name, _)| inputs.contains(name));
            let mut hidden: Vec<&mut Json> = input.map(|(_, input)| &mut input.value).collect();
            if let Some(object) = &mut resource.object {
                let value = object.value.iter_mut().filter(|(name, _)| values.contains(name));
                hidden.extend(value.map(|(_, value)| value).chain([&mut object.private]));
            }
            hidden.into_iter().filter(|value| !is_sealed(value)).for_each(|value| *value = Json::Null);
        }
    }

    /// Takes note of what a resource was before the current update changed it first.
    pub(super) fn note(&mut self, id: u64, before: Option<Resource>) {
        if let Some(update) = self.updates.last_mut() {
            update.before.entry(id).or_insert_with(|| before.map(Box::new));
        }
    }
}

/// About how many bytes a resource takes.
fn bytes(resource: &Resource) -> usize {
    let inputs = resource.inputs.values().map(|input| &input.value);
    let values = resource.object.iter().flat_map(|object| object.value.values());
    resource.address.len() + inputs.chain(values).map(json_bytes).sum::<usize>()
}

fn json_bytes(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(elements) => elements.iter().map(json_bytes).sum(),
        Json::Object(members) => members.iter().map(|(name, member)| name.len() + json_bytes(member)).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}
