//! `StopProvider`.

use super::session::Session;
use crate::generated::tfplugin6::stop_provider::Response;

/// Answers at once, for the host holds a lock until then; what runs ends at its next safe point.
pub(super) fn stop(session: &Session) -> Response {
    session.provider().stop();
    Response::default()
}
