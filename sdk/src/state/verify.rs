//! The rules that every state obeys, at every prefix of every journal.

use std::collections::{BTreeMap, BTreeSet};

use super::{Operation, State};

impl State {
    /// Every rule that the state breaks, in words; none for a valid one.
    pub fn verify(&self) -> Vec<String> {
        let mut broken = Vec::new();
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
            for needed in resource.dependencies.iter().chain(&resource.deleted_with) {
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
        if broken.is_empty() && self.has_cycle() {
            broken.push("the dependencies of its resources have a cycle".to_owned());
        }
        broken
    }

    fn has_cycle(&self) -> bool {
        let mut missing: BTreeMap<u64, usize> = BTreeMap::new();
        let mut users: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (id, resource) in &self.resources {
            missing.insert(*id, resource.dependencies.len());
            resource.dependencies.iter().for_each(|needed| users.entry(*needed).or_default().push(*id));
        }
        let mut ready: Vec<u64> = missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        let mut sorted = 0;
        while let Some(id) = ready.pop() {
            sorted += 1;
            for user in users.get(&id).into_iter().flatten() {
                let count = missing.get_mut(user).expect("every user is a resource");
                *count -= 1;
                if *count == 0 {
                    ready.push(*user);
                }
            }
        }
        sorted < self.resources.len()
    }
}
