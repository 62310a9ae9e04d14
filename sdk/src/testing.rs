//! What tests of programs and of stores share.

use crate::event::Step;
use crate::store::Contents;
use crate::{Report, Stack, state};

/// Runs the sequence that every program must pass: create, no-op preview, no-op refresh, no-op up, update, destroy, and a
/// no-op after that. `first` and `second` are the same stack, whose programs differ in something that is changed.
///
/// # Panics
/// A step does not do what it should; the message says which.
pub async fn lifecycle(first: &Stack, second: &Stack) {
    valid(first);
    let created = passes("create", first.up().await);
    assert!(created.counts.created > 0, "create makes something");
    idle("no-op preview", first.preview().await);
    idle("no-op refreshed preview", first.preview().with_refresh().await);
    idle("no-op refresh", first.refresh().await);
    idle("no-op up", first.up().await);
    let updated = passes("update", second.up().await);
    assert!(updated.counts.updated + updated.counts.created > 0, "update changes something");
    idle("no-op preview after the update", second.preview().await);
    valid(second);
    let destroyed = passes("destroy", second.destroy().await);
    assert!(destroyed.counts.deleted > 0, "destroy removes something");
    let state = second.state().expect("the state is valid");
    assert!(state.resources.is_empty() && state.pending.is_empty(), "destroy leaves nothing");
    idle("no-op destroy", second.destroy().await);
}

#[track_caller]
fn passes(step: &str, outcome: Result<Report, crate::Error>) -> Report {
    outcome.unwrap_or_else(|error| panic!("{step}: {error}"))
}

#[track_caller]
fn idle(step: &str, outcome: Result<Report, crate::Error>) {
    let report = passes(step, outcome);
    let changing: Vec<_> = report.steps.iter().filter(|(_, step)| *step != Step::Same).collect();
    assert!(changing.is_empty(), "{step} has nothing to do, and would do {changing:?}");
    let state::Counts { created, updated, deleted, failed, skipped, .. } = report.counts;
    assert_eq!((created, updated, deleted, failed, skipped), (0, 0, 0, 0, 0), "{step} does nothing");
}

#[track_caller]
fn valid(stack: &Stack) {
    stack.state().unwrap_or_else(|error| panic!("{error}"));
}

/// Every rule that a state breaks at any prefix of what is kept, and whether a whole write of the last state reads back as
/// the same; nothing for what is kept as it should be.
pub fn check(contents: &Contents) -> Vec<String> {
    let mut broken = Vec::new();
    for records in 0..=contents.records.len() {
        let prefix = Contents { records: contents.records[..records].to_vec(), ..contents.clone() };
        match state::load(&prefix) {
            Ok(loaded) => {
                let rules = loaded.state.verify().into_iter();
                broken.extend(rules.map(|rule| format!("after {records} records: {rule}")));
                let whole = Contents { snapshot: Some(state::snapshot(&loaded)), ..Contents::default() };
                if state::load(&whole).as_ref() != Ok(&loaded) {
                    broken
                        .push(format!("after {records} records: the state does not survive being written as a whole"));
                }
            }
            Err(error) => broken.push(format!("after {records} records: {error}")),
        }
    }
    broken
}
