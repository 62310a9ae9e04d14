//! The rules that every state obeys, at every prefix of every journal.

use std::collections::{BTreeMap, BTreeSet};

use super::{Operation, State};

/// Far from where counting would overflow.
pub(crate) const MAX_NUMBER: u64 = u64::MAX / 2;

impl State {
    /// Every rule that the state breaks, in words; none for a valid one.
    pub fn verify(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.next_id.max(self.next_operation) > MAX_NUMBER {
            broken.push(format!("more than {MAX_NUMBER} resources or operations were numbered"));
        }
        let mut live = BTreeSet::new();
        for (id, resource) in &self.resources {
            let address = &resource.address;
            if *id != resource.id || *id >= self.next_id {
                broken.push(format!(
                    "{address} has id {}, recorded under {id}; the next is {}",
                    resource.id, self.next_id
                ));
            }
            if !resource.outgoing && !live.insert(address) {
                broken.push(format!("{address} is recorded twice"));
            }
            for needed in resource.needs() {
                if !self.resources.contains_key(needed) {
                    broken.push(format!("{address} depends on resource {needed}, which is not recorded"));
                }
            }
        }
        for (id, pending) in &self.pending {
            let recorded = self.resources.contains_key(&pending.resource);
            if *id >= self.next_operation || (!recorded && pending.operation != Operation::Create) {
                broken.push(format!("operation {id} on {} names resource {}", pending.address, pending.resource));
            }
        }
        if broken.is_empty()
            && let Some(cycle) = self.cycle()
        {
            let cycle: Vec<&str> = cycle.iter().map(|id| self.resources[id].address.as_str()).collect();
            broken.push(format!("these depend on each other in a circle: {}", cycle.join(", ")));
        }
        broken
    }

    /// Resources that depend on each other in a circle, each on the next and the last on the first. All that any resource
    /// depends on must be recorded.
    pub(super) fn cycle(&self) -> Option<Vec<u64>> {
        let unsorted = self.unsorted();
        let mut way = vec![*unsorted.first()?];
        loop {
            let last = way.last().expect("it begins with one");
            let next = self.resources[last].needs().find(|id| unsorted.contains(id));
            let next = *next.expect("what cannot be sorted waits for another that cannot");
            if let Some(at) = way.iter().position(|id| *id == next) {
                return Some(way.split_off(at));
            }
            way.push(next);
        }
    }

    /// The resources that cannot be put after all that they depend on.
    fn unsorted(&self) -> BTreeSet<u64> {
        let mut missing: BTreeMap<u64, usize> = BTreeMap::new();
        let mut users: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (id, resource) in &self.resources {
            missing.insert(*id, resource.needs().count());
            resource.needs().for_each(|needed| users.entry(*needed).or_default().push(*id));
        }
        let mut ready: Vec<u64> = missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        while let Some(id) = ready.pop() {
            missing.remove(&id);
            for user in users.get(&id).into_iter().flatten() {
                let count = missing.get_mut(user).expect("it waits for this one");
                *count -= 1;
                if *count == 0 {
                    ready.push(*user);
                }
            }
        }
        missing.into_keys().collect()
    }
}
