//! What the record keeps for questions asked later: who changed what, and what was there before.

use std::collections::BTreeMap;

use devopsflow::state::{Resource, State, Update};
use devopsflow::store::Store;
use devopsflow::testing;

use crate::lab::{Lab, one};

/// The state as it was before an update, made from what the later ones say.
fn before(state: &State, update: u64) -> BTreeMap<u64, Resource> {
    let mut resources = state.resources.clone();
    for Update { before, .. } in state.updates.iter().rev().take_while(|later| later.id >= update) {
        for (id, was) in before {
            match was {
                Some(was) => drop(resources.insert(*id, (**was).clone())),
                None => drop(resources.remove(id)),
            }
        }
    }
    resources
}

#[tokio::test]
async fn every_earlier_state_can_be_made_of_what_the_updates_keep() {
    let lab = Lab::default();
    let mut states = Vec::new();
    for (text, kind) in [("a", "wood"), ("b", "wood"), ("b", "iron")] {
        lab.up(one(move |thing| thing.text(text).kind(kind))).await;
        states.push(lab.stack(|_| Ok(())).state().unwrap().resources);
    }
    lab.up(|_| Ok(())).await;
    let state = lab.stack(|_| Ok(())).state().unwrap();
    for (update, expected) in (2..).zip(&states) {
        assert_eq!(before(&state, update), *expected, "before update {update}");
    }
    assert_eq!(before(&state, 1), BTreeMap::new());
    let changed: Vec<usize> = state.updates.iter().map(|update| update.before.len()).collect();
    assert_eq!(changed, [1, 1, 2, 1], "only what was changed is kept");
    let contents = lab.store.read(lab.stack(|_| Ok(())).id()).unwrap().unwrap();
    assert_eq!(testing::check(&contents), [""; 0]);
}
