//! Visits the nodes of a graph: each after those it needs, as many at once as are allowed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::sync::lock;

/// A place among the visits that run at once, until it is dropped or left.
pub(crate) struct Slot(Mutex<Option<OwnedSemaphorePermit>>);

impl Slot {
    /// Lets another visit begin, while this one waits until what it did is recorded. The entries of both then share a write.
    pub(crate) fn leave(&self) {
        drop(lock(&self.0).take());
    }
}

/// For every node, those that need it.
pub(crate) fn users(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (node, needed) in edges.iter().enumerate() {
        for needed in needed {
            users[*needed].push(node);
        }
    }
    users
}

/// Runs `visit` for every node. `edges` has for every node those that it needs, and `users` those that need it; a graph with a
/// cycle is not finished.
///
/// `visit` is called in this task and gives what runs beside it. At most `parallel` visits have a slot, and as many more have left
/// theirs.
pub(crate) async fn walk<F>(
    edges: &[Vec<usize>],
    users: &[Vec<usize>],
    parallel: usize,
    mut visit: impl FnMut(usize, Slot) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut missing: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut ready: VecDeque<usize> = (0..edges.len()).filter(|node| missing[*node] == 0).collect();
    let slots = Arc::new(Semaphore::new(parallel));
    let mut running = JoinSet::new();
    loop {
        let more = !ready.is_empty() && running.len() < 2 * parallel;
        tokio::select! {
            Ok(slot) = Arc::clone(&slots).acquire_owned(), if more => {
                let Some(node) = ready.pop_front() else { continue };
                let visit = visit(node, Slot(Mutex::new(Some(slot))));
                running.spawn(async move {
                    visit.await;
                    node
                });
            }
            Some(ended) = running.join_next() => {
                // What panicked in there was reported by the runtime; nothing that needs it is begun.
                let Ok(node) = ended else { continue };
                for user in &users[node] {
                    missing[*user] -= 1;
                    if missing[*user] == 0 {
                        ready.push_back(*user);
                    }
                }
            }
            else => return,
        }
    }
}
