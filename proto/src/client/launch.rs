//! The process of a plugin: starting it, shaking hands, ending it.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::connection::Connection;
use super::output::{self, Tail};
use super::{Options, PluginError};
use crate::handshake::{
    CLIENT_CERT, COOKIE, COOKIE_VALUE, Handshake, HandshakeError, MAX_LINE, MULTIPLEX, PROTOCOL, PROTOCOL_VERSIONS,
    SOCKET_DIR, SOCKET_GROUP,
};
use crate::tls::{self, Identity};

/// The process of a plugin, which is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    pub(super) fn pid(&self) -> Option<u32> {
        self.0.id()
    }

    /// Waits until the process has ended.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        self.0.wait().await.ok()
    }

    /// Kills the process.
    pub(super) async fn kill(&mut self) -> Option<ExitStatus> {
        tracing::warn!("the plugin did not end and is killed");
        // Fails only when the process has ended meanwhile.
        drop(self.0.start_kill());
        self.ended().await
    }
}

/// Starts a plugin and connects to it.
pub(super) async fn launch(mut command: Command, options: Options) -> Result<(Process, Connection), PluginError> {
    let identity = Identity::generate()?;
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command
        .env(COOKIE, COOKIE_VALUE)
        .env(PROTOCOL_VERSIONS, PROTOCOL.to_string())
        .env(CLIENT_CERT, identity.pem())
        // This process may be a plugin itself: what its own host asked for is not meant for others.
        .env_remove(MULTIPLEX)
        .env_remove(SOCKET_DIR)
        .env_remove(SOCKET_GROUP)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|source| PluginError::Start { program: program.clone(), source })?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let mut tail = output::drain_stderr(program.clone(), stderr);
    let mut process = Process(child);

    let mut stdout = BufReader::new(stdout);
    let line = time::timeout(options.start_timeout, first_line(&mut stdout, &mut process, &mut tail))
        .await
        .map_err(|_| PluginError::Timeout(options.start_timeout))??;
    output::drain_stdout(program, stdout);
    let connection = connect(&identity, &line.parse()?, options).await?;
    Ok((process, connection))
}

/// The first line of the output, or why there is none.
async fn first_line(
    stdout: &mut BufReader<ChildStdout>,
    process: &mut Process,
    tail: &mut Tail,
) -> Result<String, PluginError> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    stdout.take(limit).read_until(b'\n', &mut line).await.map_err(PluginError::Output)?;
    if line.is_empty() {
        let status = process.0.wait().await.map_err(PluginError::Output)?;
        return Err(PluginError::Ended { status, output: tail.of_ended().await });
    }
    String::from_utf8(line).map_err(|error| HandshakeError::Malformed(error.to_string()).into())
}

async fn connect(identity: &Identity, handshake: &Handshake, options: Options) -> Result<Connection, PluginError> {
    let certificate = handshake.certificate.clone().ok_or(PluginError::NoCertificate)?;
    let tls = TlsConnector::from(Arc::clone(&tls::client(identity, CertificateDer::from(certificate))?));
    time::timeout(options.start_timeout, Connection::open(&handshake.socket, Some(tls)))
        .await
        .map_err(|_| PluginError::Timeout(options.start_timeout))?
}
