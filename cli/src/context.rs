//! What every command works with.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use agent_client::Client;
use rollout::Millis;
use rollout::wire::Status;

use crate::error::Error;
use crate::output::Output;

/// The way to the agent, and the streams.
#[derive(Debug)]
pub(crate) struct Context {
    /// The streams.
    pub(crate) out: Output,
    state_dir: Option<PathBuf>,
}

impl Context {
    /// With the state directory that the user named, if one.
    pub(crate) fn new(out: Output, state_dir: Option<PathBuf>) -> Self {
        Self { out, state_dir }
    }

    /// The way to the agent of `--state-dir`, else of `DEVOPSFLOW_STATE_DIR`, else of the default state directory.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        let Some(path) = &self.state_dir else { return Ok(Client::from_env()?) };
        let absolute = std::path::absolute(path)
            .map_err(|source| agent_client::Error::Directory { path: path.clone(), source })?;
        Ok(Client::at(absolute))
    }

    /// The time by the wall clock.
    pub(crate) fn now() -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// What a service is now. One that the agent does not have is an error that names those that it has.
pub(crate) async fn status(client: &Client, service: &str) -> Result<Status, Error> {
    match client.status(service).await? {
        Some(status) => Ok(status),
        None => Err(no_service(client, service).await),
    }
}

/// The error for a service that the agent does not have.
pub(crate) async fn no_service(client: &Client, service: &str) -> Error {
    let known = client.list().await.unwrap_or_default();
    Error::NoService {
        service: service.to_owned(),
        known: known.into_iter().map(|status| status.service.name).collect(),
    }
}

/// For answers about a service: turns the agent's "no such service" into [`Error::NoService`].
pub(crate) async fn known<T>(
    client: &Client,
    service: &str,
    result: Result<T, agent_client::Error>,
) -> Result<T, Error> {
    match result {
        Err(agent_client::Error::Agent(rollout::wire::Error::NotFound(_))) => Err(no_service(client, service).await),
        other => Ok(other?),
    }
}
