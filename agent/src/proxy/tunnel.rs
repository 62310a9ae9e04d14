//! Connections after an upgrade: bytes both ways until one end closes.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional};

use super::counts::ErrorClass;
use super::forward::Client;
use super::replica::Attempt;

/// Joins the two ends once both have changed the protocol. The client's connection counts as open until the tunnel ends.
pub(super) async fn run(downstream: OnUpgrade, upstream: OnUpgrade, mut attempt: Attempt, client: Arc<Client>) {
    let Ok(upstream) = upstream.await else {
        attempt.fail(ErrorClass::Upgrade);
        return;
    };
    let Ok(downstream) = downstream.await else { return };
    attempt.decide(None);
    let (mut upstream, mut downstream) = (TokioIo::new(upstream), TokioIo::new(downstream));
    tokio::select! {
        // However it ends, the ends have agreed to that.
        _ = copy_bidirectional(&mut downstream, &mut upstream) => attempt.finish(None),
        () = Arc::clone(&attempt.replica).cut_signal() => {
            // Both ends are told by an orderly end; one that does not take it is gone already.
            drop(downstream.shutdown().await);
            drop(upstream.shutdown().await);
        }
    }
    drop(client);
}
