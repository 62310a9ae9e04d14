//! Which resources vanish together when they are removed, and which removals wait for which.

use std::collections::{BTreeMap, BTreeSet};

use crate::state::State;

/// For each of `ids` that vanishes with another of them: the one at the end of that chain.
fn leaders(state: &State, ids: &BTreeSet<u64>) -> BTreeMap<u64, u64> {
    let with = |id: u64| state.resources.get(&id)?.deleted_with.filter(|with| ids.contains(with));
    let mut leaders: BTreeMap<u64, u64> = BTreeMap::new();
    for id in ids {
        let (mut chain, mut last) = (Vec::new(), *id);
        while !leaders.contains_key(&last)
            && let Some(next) = with(last)
        {
            chain.push(last);
            last = next;
        }
        let leader = leaders.get(&last).copied().unwrap_or(last);
        leaders.extend(chain.into_iter().map(|id| (id, leader)));
    }
    leaders
}

/// Resources that are removed, by the one with which they vanish: each group is one removal.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// For what vanishes with another: that other.
    leaders: BTreeMap<u64, u64>,
    /// For every leader, those that vanish with it.
    followers: BTreeMap<u64, Vec<u64>>,
    /// For every leader, the leaders that are needed by it or by what vanishes with it.
    needs: BTreeMap<u64, BTreeSet<u64>>,
    /// For every leader, how many still need it.
    users: BTreeMap<u64, usize>,
}

impl Groups {
    /// The groups in which `ids` are removed from this state.
    pub(super) fn new(state: &State, ids: &BTreeSet<u64>) -> Self {
        if ids.is_empty() {
            return Self::default();
        }
        let mut leaders = leaders(state, ids);
        loop {
            let groups = Self::of(state, &leaders);
            // What needs something that needs what it vanishes with must be gone before that: it is removed on its own.
            let Some(entangled) = groups.followers.keys().copied().find(|leader| groups.needs_itself(*leader)) else {
                return groups;
            };
            leaders.retain(|_, leader| *leader != entangled);
        }
    }

    fn of(state: &State, leaders: &BTreeMap<u64, u64>) -> Self {
        let mut groups = Self { leaders: leaders.clone(), ..Self::default() };
        for (follower, leader) in leaders {
            groups.followers.entry(*leader).or_default().push(*follower);
        }
        for resource in state.resources.values() {
            let leader = groups.leader(resource.id);
            for needed in resource.needs() {
                let needed = groups.leader(*needed);
                if needed != leader && groups.needs.entry(leader).or_default().insert(needed) {
                    *groups.users.entry(needed).or_insert(0) += 1;
                }
            }
        }
        groups
    }

    /// Whether a group needs something that needs it.
    fn needs_itself(&self, leader: u64) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![leader]);
        while let Some(id) = open.pop() {
            for needed in self.needs.get(&id).into_iter().flatten() {
                if *needed == leader {
                    return true;
                }
                if seen.insert(*needed) {
                    open.push(*needed);
                }
            }
        }
        false
    }

    fn leader(&self, id: u64) -> u64 {
        self.leaders.get(&id).copied().unwrap_or(id)
    }

    /// Whether it vanishes with another.
    pub(super) fn follows(&self, id: u64) -> bool {
        self.leaders.contains_key(&id)
    }

    /// Whether something still needs it, or what vanishes with it.
    pub(super) fn is_used(&self, leader: u64) -> bool {
        self.users.get(&leader).is_some_and(|users| *users > 0)
    }

    /// What vanishes with it.
    pub(super) fn followers(&self, leader: u64) -> &[u64] {
        self.followers.get(&leader).map_or(&[], Vec::as_slice)
    }

    /// Takes note that it is removed. Gives those that nothing needs any more.
    pub(super) fn removed(&mut self, leader: u64) -> Vec<u64> {
        let mut free = Vec::new();
        for needed in self.needs.remove(&leader).unwrap_or_default() {
            let users = self.users.get_mut(&needed).expect("what is needed was counted");
            *users -= 1;
            if *users == 0 {
                free.push(needed);
            }
        }
        free
    }
}
