//! Visits the nodes of a graph: each after those it needs, as many at once as are allowed.

use std::collections::VecDeque;

use tokio::task::JoinSet;

/// Runs `visit` for every node. `edges` has for every node those that it needs; a graph with a cycle is not finished.
///
/// `visit` is called in this task and gives what runs beside it.
pub(crate) async fn walk<F>(edges: &[Vec<usize>], parallel: usize, mut visit: impl FnMut(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut missing: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (node, needed) in edges.iter().enumerate() {
        for needed in needed {
            users[*needed].push(node);
        }
    }
    let mut ready: VecDeque<usize> = (0..edges.len()).filter(|node| missing[*node] == 0).collect();
    let mut running = JoinSet::new();
    loop {
        while running.len() < parallel.max(1) {
            let Some(node) = ready.pop_front() else { break };
            let visit = visit(node);
            running.spawn(async move {
                visit.await;
                node
            });
        }
        let node = match running.join_next().await {
            None => return,
            Some(Ok(node)) => node,
            // What panicked in there was reported by the runtime; nothing that needs it is begun.
            Some(Err(_)) => continue,
        };
        for user in &users[node] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                ready.push_back(*user);
            }
        }
    }
}
