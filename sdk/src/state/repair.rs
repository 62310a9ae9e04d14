//! Mends a state that breaks the rules, as far as that takes no decision of a person.
//!
//! A mended state forgets no object and removes none: of two resources at one address the earlier is kept at another one,
//! protected, until somebody decides.

use std::collections::BTreeMap;

use super::{Operation, State};

/// A state after it was mended.
#[derive(Debug, Clone, PartialEq)]
pub struct Repaired {
    /// The state. It is valid when nothing is left.
    pub state: State,
    /// What was wrong, and what was done about it; nothing for a state that was valid.
    pub mends: Vec<String>,
    /// The rules that it still breaks.
    pub left: Vec<String>,
}

impl State {
    /// The state, mended.
    #[must_use]
    pub fn repair(&self) -> Repaired {
        let mut repair = Repair { state: self.clone(), mends: Vec::new() };
        repair.keys();
        repair.next_numbers();
        repair.addresses();
        repair.missing();
        repair.cycles();
        repair.pending();
        let left = repair.state.verify();
        Repaired { state: repair.state, mends: repair.mends, left }
    }
}

struct Repair {
    state: State,
    mends: Vec<String>,
}

impl Repair {
    /// Records every resource under its own id, unless another has that place.
    fn keys(&mut self) {
        let misplaced = self.state.resources.iter().filter(|(key, resource)| **key != resource.id);
        let misplaced: Vec<(u64, u64)> = misplaced.map(|(key, resource)| (*key, resource.id)).collect();
        for (key, id) in misplaced {
            if self.state.resources.contains_key(&id) {
                continue;
            }
            if let Some(resource) = self.state.resources.remove(&key) {
                self.mends.push(format!("{}, resource {id}, is recorded under {key}: moved to {id}", resource.address));
                self.state.resources.insert(id, resource);
            }
        }
    }

    /// Raises the numbers that are given next above all that were given.
    fn next_numbers(&mut self) {
        let State { resources, pending, .. } = &self.state;
        let made = pending.values().map(|pending| pending.resource);
        let resource = resources.keys().copied().chain(made).max().map_or(0, |last| last.saturating_add(1));
        let operation = pending.keys().max().map_or(0, |last| last.saturating_add(1));
        if self.state.next_id < resource {
            self.mends.push(format!("the next resource would get a number that was given: it gets {resource}"));
            self.state.next_id = resource;
        }
        if self.state.next_operation < operation {
            self.mends.push(format!("the next operation would get a number that was given: it gets {operation}"));
            self.state.next_operation = operation;
        }
    }

    /// Leaves every address to the latest of the live resources there.
    fn addresses(&mut self) {
        let mut latest: BTreeMap<String, u64> = BTreeMap::new();
        let mut earlier = Vec::new();
        for (id, resource) in self.state.resources.iter().filter(|(_, resource)| !resource.outgoing) {
            earlier.extend(latest.insert(resource.address.clone(), *id));
        }
        for id in earlier {
            let free = self.free_address(id);
            let Some(resource) = self.state.resources.get_mut(&id) else { continue };
            let address = std::mem::replace(&mut resource.address, free.clone());
            let exists = resource.object.is_some();
            resource.protect |= exists;
            let kept = if exists { " and is protected: `state remove` or `state unprotect` decides" } else { "" };
            self.mends.push(format!("{address} is recorded twice: the earlier, resource {id}, becomes {free}{kept}"));
        }
    }

    fn free_address(&self, id: u64) -> String {
        let mut free = format!("{}-duplicate-{id}", self.state.resources[&id].address);
        while self.state.live(&free).is_some() {
            free.push_str("-again");
        }
        free
    }

    /// Drops what names resources that are not recorded.
    fn missing(&mut self) {
        let recorded: Vec<u64> = self.state.resources.keys().copied().collect();
        let known = |id: &u64| recorded.binary_search(id).is_ok();
        let mut mends = Vec::new();
        for resource in self.state.resources.values_mut() {
            let address = &resource.address;
            resource.dependencies.retain(|id| {
                if !known(id) {
                    mends.push(format!("{address} depends on resource {id}, which is not recorded: it no longer does"));
                }
                known(id)
            });
            if let Some(id) = resource.deleted_with.take_if(|id| !known(id)) {
                mends.push(format!(
                    "{address} vanishes with resource {id}, which is not recorded: it is removed itself"
                ));
            }
            if let Some(id) = resource.parent.take_if(|id| !known(id)) {
                mends
                    .push(format!("{address} is a part of resource {id}, which is not recorded: it is a part of none"));
            }
        }
        self.mends.append(&mut mends);
    }

    /// Takes one dependency out of every circle: one on a resource that was made later.
    fn cycles(&mut self) {
        while let Some(cycle) = self.state.cycle() {
            let next = cycle.iter().cycle().skip(1);
            let (user, needed) = cycle
                .iter()
                .zip(next)
                .find(|(user, needed)| needed >= user)
                .expect("in a circle of numbers one is not above the next");
            let (user, needed) = (*user, *needed);
            let needed_address = self.state.resources[&needed].address.clone();
            if let Some(resource) = self.state.resources.get_mut(&user) {
                resource.dependencies.retain(|id| *id != needed);
                resource.deleted_with.take_if(|id| *id == needed);
                resource.parent.take_if(|id| *id == needed);
                let address = resource.address.clone();
                self.mends.push(format!(
                    "{address} and {needed_address} depend on each other: {address}, which was there first, no longer does"
                ));
            }
        }
    }

    /// Drops operations on resources that are not recorded, except creates, which are about to be.
    fn pending(&mut self) {
        let State { resources, pending, .. } = &mut self.state;
        let mends = &mut self.mends;
        pending.retain(|id, pending| {
            let kept = pending.operation == Operation::Create || resources.contains_key(&pending.resource);
            if !kept {
                let super::Pending { operation, address, resource, .. } = pending;
                mends.push(format!(
                    "operation {id}, {operation} of {address}, is about resource {resource}, which is not recorded: it is cleared"
                ));
            }
            kept
        });
    }
}
