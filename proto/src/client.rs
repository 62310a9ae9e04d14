//! Being the host of a plugin: starting its process, or attaching to one, and talking to it as a [`Provider`].
//!
//! # Guarantees
//! - The connection goes to exactly the process that was started: each end trusts one certificate, the other's.
//! - What the process writes is read for as long as it lives, and passed on through `tracing`.
//! - `Fault::Transport { sent: false }` means that the request never left.
//! - A process that was started here does not outlive its [`Plugin`].

mod apply;
mod configure;
mod connection;
mod data;
mod host;
mod launch;
mod output;
mod plan;
mod schema;
mod state;
mod stop;
mod validate;

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use framework::Diagnostics;
use framework::provider::{
    Applied, Apply, Configure, DataRead, Fault, Import, Imported, Move, Moved, Moves, Plan, Planned, Provider, Read,
    ReadBack, ReadData, Reply, Schemas, Upgrade, Upgraded, Validate,
};
use tokio::process::Command;
use tokio::time;

use self::connection::Connection;
use self::host::Host;
use self::launch::Process;
use crate::handshake::HandshakeError;
use crate::reattach::Reattach;
use crate::tls::TlsError;

/// How long a plugin may take to end after it was told to.
const END: Duration = Duration::from_secs(2);

/// How to start a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long the plugin may take until it listens.
    pub start_timeout: Duration,
}

impl Default for Options {
    /// As Terraform does: one minute to start.
    fn default() -> Self {
        Self { start_timeout: Duration::from_mins(1) }
    }
}

/// Why a plugin cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The program cannot be started.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// The program ended before it listened.
    #[error("the plugin ended with {status} before it listened{}", said(.output))]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The last that it wrote on standard error.
        output: String,
    },
    /// The program did not listen in time.
    #[error("the plugin did not listen within {0:?}")]
    Timeout(Duration),
    /// The program's output cannot be read.
    #[error("cannot read the output of the plugin: {0}")]
    Output(#[source] io::Error),
    /// The program is not a plugin that can be hosted.
    #[error("the plugin cannot be used: {0}")]
    Handshake(#[from] HandshakeError),
    /// The plugin does not encrypt.
    #[error("the plugin offers no certificate, so nobody could tell whether it is the plugin that answers")]
    NoCertificate,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The plugin cannot be reached.
    #[error("cannot connect to the plugin on {}: {reason}", socket.display())]
    Connect {
        /// Where it should listen.
        socket: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The plugin does not say what it offers.
    #[error("the plugin does not tell its schemas: {0}")]
    Schemas(#[from] Fault),
}

fn said(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!("; it wrote:\n{output}") }
}

/// A plugin that runs, as a [`Provider`].
pub struct Plugin {
    host: Host,
    /// The process, if it was started here.
    process: Option<Process>,
}

impl Plugin {
    /// Starts a plugin with this process's environment and what `command` adds to it.
    ///
    /// Needs a tokio runtime, as long as the plugin is used.
    pub async fn launch(command: Command, options: Options) -> Result<Self, PluginError> {
        let (process, connection) = launch::launch(command, options).await?;
        Ok(Self { host: Host::new(connection).await?, process: Some(process) })
    }

    /// Attaches to a provider that was started with `-debug`.
    pub async fn attach(reattach: &Reattach) -> Result<Self, PluginError> {
        let connection = Connection::open(&reattach.socket, None).await?;
        Ok(Self { host: Host::new(connection).await?, process: None })
    }

    /// The id of the process, if it was started here and has not ended.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::pid)
    }

    /// Ends the plugin: asks it to, waits for two seconds, kills it. Gives how the process ended; a plugin that was
    /// attached to stays, and gives `None`.
    pub async fn shutdown(self) -> Option<ExitStatus> {
        let mut process = self.process?;
        // Together they take no longer than the plugin may.
        let asked = async {
            self.host.end().await;
            process.ended().await
        };
        match time::timeout(END, asked).await {
            Ok(status) => status,
            Err(_) => process.kill().await,
        }
    }
}

impl Provider for Plugin {
    fn schemas(&self) -> Reply<'_, Arc<Schemas>> {
        Box::pin(async { Ok(self.host.schemas()) })
    }

    fn validate(&self, request: Validate) -> Reply<'_, Diagnostics> {
        Box::pin(validate::validate(&self.host, request))
    }

    fn configure(&self, request: Configure) -> Reply<'_, Diagnostics> {
        Box::pin(configure::configure(&self.host, request))
    }

    fn upgrade(&self, request: Upgrade) -> Reply<'_, Upgraded> {
        Box::pin(state::upgrade(&self.host, request))
    }

    fn read(&self, request: Read) -> Reply<'_, ReadBack> {
        Box::pin(state::read(&self.host, request))
    }

    fn plan(&self, request: Plan) -> Reply<'_, Planned> {
        Box::pin(plan::plan(&self.host, request))
    }

    fn apply(&self, request: Apply) -> Reply<'_, Applied> {
        Box::pin(apply::apply(&self.host, request))
    }

    fn import(&self, request: Import) -> Reply<'_, Imported> {
        Box::pin(state::import(&self.host, request))
    }

    fn read_data(&self, request: ReadData) -> Reply<'_, DataRead> {
        Box::pin(data::read(&self.host, request))
    }

    fn stop(&self) {
        stop::stop(&self.host);
    }

    fn moves(&self) -> Option<&dyn Moves> {
        self.host.moves().then_some(self)
    }
}

impl Moves for Plugin {
    fn move_state(&self, request: Move) -> Reply<'_, Moved> {
        Box::pin(state::move_state(&self.host, request))
    }
}
