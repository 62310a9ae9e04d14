//! Serving a [`Provider`] to the program that started this process, or to one that attaches to it.
//!
//! # Guarantees
//! - Whatever goes wrong in a call, a panic included, the host gets diagnostics; no other call is touched.
//! - A call runs to its end even when the host that made it is gone.
//! - When the host is gone without a word, or ends this process, running calls are asked to stop, and the process ends
//!   once they have, at the latest after [`DRAIN`].
//! - Nothing but the handshake is written to standard output, and no socket is left behind.

mod apply;
mod args;
mod configure;
mod data;
mod gauge;
mod incoming;
mod invitation;
mod lifecycle;
mod logging;
mod plan;
mod plugin;
mod provider;
mod schema;
mod services;
mod session;
mod socket;
mod state;
mod stop;
mod validate;

use std::env;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::sync::Arc;

use framework::Provider;
use tokio::runtime;
use tokio_rustls::TlsAcceptor;

use self::args::Args;
use self::invitation::{Declined, Invitation};
pub use self::lifecycle::DRAIN;
use self::lifecycle::Lifecycle;
use self::socket::{Socket, SocketError};
use crate::handshake::Handshake;
use crate::reattach::Reattach;
use crate::tls::{self, Identity, TlsError};

/// Why this process cannot serve.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Declined(#[from] Declined),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The main function of a provider's program: serves `provider` until the host is done with it.
///
/// `address` is the provider's, such as `registry.terraform.io/devopsflow/devopsflow`; its last part names the provider
/// in logs and in the variable `TF_LOG_PROVIDER_<NAME>`. With the argument `-debug`, the program waits for any host to
/// attach and prints how.
pub fn main(address: &str, provider: Arc<dyn Provider>) -> ExitCode {
    logging::init(address.rsplit('/').next().unwrap_or(address));
    let served = Args::parse(env::args_os().skip(1)).map_err(|error| error.to_string()).and_then(|args| {
        let served = if args.debug { debug(address, provider) } else { hosted(provider) };
        served.map_err(|error| error.to_string())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When even that cannot be written, the exit code is all there is to say.
            drop(writeln!(io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves the host that started this process.
fn hosted(provider: Arc<dyn Provider>) -> Result<(), ServeError> {
    let invitation = Invitation::read(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    let identity = invitation.certificate.as_ref().map(|_| Identity::generate()).transpose()?;
    let tls = match (&identity, &invitation.certificate) {
        (Some(identity), Some(host)) => Some(TlsAcceptor::from(tls::server(identity, tls::from_pem(host)?)?)),
        _ => None,
    };
    run(async {
        let socket = Socket::listen(&invitation.socket)?;
        let lifecycle = Lifecycle::hosted()?;
        let listener = socket.listener()?;
        announce(&Handshake {
            socket: socket.path().to_owned(),
            certificate: identity.map(|identity| identity.der().to_vec()),
            multiplex: invitation.asks_multiplex.then_some(false),
        })?;
        services::serve(provider, listener, tls, lifecycle).await
    })
}

/// Serves whatever hosts attach, until a signal ends it.
fn debug(address: &str, provider: Arc<dyn Provider>) -> Result<(), ServeError> {
    run(async {
        let socket = Socket::listen(&invitation::Placement::default())?;
        let lifecycle = Lifecycle::debug()?;
        let listener = socket.listener()?;
        let reattach = Reattach { socket: socket.path().to_owned(), pid: process::id() };
        let variable = reattach.to_variable(address).map_err(io::Error::from)?;
        announce(&format_args!(
            "The provider runs. To make terraform or tofu use it, set in their environment:\n\n\
             TF_REATTACH_PROVIDERS='{variable}'\n\nIt ends with Ctrl-C."
        ))?;
        services::serve(provider, listener, None, lifecycle).await
    })
}

/// Writes the one thing that this process has to say on standard output.
fn announce(text: &dyn std::fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

fn run(serve: impl Future<Output = Result<(), ServeError>>) -> Result<(), ServeError> {
    // One thread serves all connections: the work of a call is done on the pool for blocking calls, and every further
    // thread costs time and memory at start.
    let runtime = runtime::Builder::new_current_thread().thread_name("provider").enable_all().build()?;
    let served = runtime.block_on(serve);
    // What still runs has had its time.
    runtime.shutdown_background();
    served
}
