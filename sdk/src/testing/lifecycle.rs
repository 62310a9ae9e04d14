//! The sequences that every program must pass.

use super::World;
use crate::event::Step;
use crate::{Report, Stack, state};

/// Runs the sequence that every program must pass: create, no-op preview, no-op refresh, no-op up, update, destroy, and a
/// no-op after that. `first` and `second` are the same stack, whose programs differ in something that is changed.
///
/// # Panics
/// A step does not do what it should; the message says which.
pub async fn lifecycle(first: &Stack, second: &Stack) {
    let created = passes("create", first.up().await);
    assert!(created.counts.created > 0, "create makes something");
    settled(first).await;
    let updated = passes("update", second.up().await);
    assert!(updated.counts.updated + updated.counts.created > 0, "update changes something");
    settled(second).await;
    let destroyed = passes("destroy", second.destroy().await);
    assert!(destroyed.counts.deleted > 0, "destroy removes something");
    empty(second).await;
}

/// Runs it for a program that has no second form: what is changed is the world, in which every object vanishes once.
pub(super) async fn alone(stack: &Stack, worlds: &[World]) -> Result<(), crate::Error> {
    let created = stack.up().await?;
    settled(stack).await;
    for world in worlds {
        world.objects().iter().for_each(|object| world.remove(object.number));
    }
    let made = created.counts.created + created.summary.import;
    let gone = passes("refresh after everything vanished", stack.refresh().await);
    assert_eq!(gone.steps.len() as u64, made, "refresh sees that everything vanished");
    let again = passes("create again", stack.up().await);
    assert_eq!(again.counts.created, made, "everything that vanished is made again");
    settled(stack).await;
    unprotect(stack).await;
    passes("destroy", stack.destroy().await);
    empty(stack).await;
    Ok(())
}

/// Runs it for a part of a program: made and removed without the rest, and beside it.
pub(super) async fn part(stack: &Stack, component: &str) {
    let step = |step: &str| format!("{step} of {component} alone");
    passes(&step("up"), stack.up().target(component).await);
    idle(&step("no-op up"), stack.up().target(component).await);
    passes("up of the rest", stack.up().await);
    settled(stack).await;
    unprotect(stack).await;
    passes(&step("destroy"), stack.destroy().target(component).await);
    let below = format!("{component}/");
    let left = stack.state().unwrap_or_else(|error| panic!("{error}"));
    let left = left.resources.values().find(|resource| resource.address.starts_with(&below));
    assert!(left.is_none(), "{}: {} is left", step("destroy"), left.map_or("", |left| &left.address));
    passes("up again", stack.up().await);
    settled(stack).await;
    unprotect(stack).await;
    passes("destroy of all", stack.destroy().await);
    empty(stack).await;
}

/// There is nothing to do, whatever is asked.
async fn settled(stack: &Stack) {
    idle("no-op preview", stack.preview().await);
    idle("no-op refreshed preview", stack.preview().with_refresh().await);
    idle("no-op refresh", stack.refresh().await);
    idle("no-op up", stack.up().await);
}

/// Nothing is recorded, and destroying that changes nothing.
async fn empty(stack: &Stack) {
    let state = stack.state().unwrap_or_else(|error| panic!("the state after destroy: {error}"));
    assert!(state.resources.is_empty() && state.pending.is_empty(), "destroy leaves nothing");
    idle("no-op destroy", stack.destroy().await);
}

async fn unprotect(stack: &Stack) {
    let state = stack.state().unwrap_or_else(|error| panic!("{error}"));
    for resource in state.resources.values().filter(|resource| resource.protect) {
        let done = stack.state_protect(&resource.address, false).await;
        done.unwrap_or_else(|error| panic!("unprotect {}: {error}", resource.address));
    }
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
