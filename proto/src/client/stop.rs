//! `StopProvider`.

use super::host::{Host, answer};
use crate::generated::tfplugin6::stop_provider::Request;

/// Returns at once; the call goes its own way.
pub(super) fn stop(host: &Host) {
    let mut client = host.client();
    host.runtime().spawn(async move {
        match answer("StopProvider", client.stop_provider(Request {}).await) {
            Ok(response) if response.error.is_empty() => {}
            Ok(response) => tracing::warn!(error = response.error, "the plugin does not stop"),
            Err(error) => tracing::warn!(%error, "the plugin was not asked to stop"),
        }
    });
}
