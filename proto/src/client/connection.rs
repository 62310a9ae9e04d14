//! The one connection to a plugin.
//!
//! It is never opened anew: behind it is one process, and when that is gone so is everything that it was told. A
//! request that did not leave is told apart from one that may have had an effect.

use std::path::Path;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tower_service::Service;

use super::PluginError;
use crate::{WINDOW, tls};

/// Sends requests; clones share the connection.
#[derive(Debug, Clone)]
pub(super) struct Connection(SendRequest<Body>);

/// A request that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Lost {
    /// Whether it may have reached the plugin.
    pub(super) sent: bool,
    reason: String,
}

impl Connection {
    pub(super) async fn open(socket: &Path, tls: Option<TlsConnector>) -> Result<Self, PluginError> {
        Self::try_open(socket, tls)
            .await
            .map_err(|reason| PluginError::Connect { socket: socket.to_owned(), reason: reason.to_string() })
    }

    async fn try_open(
        socket: &Path,
        tls: Option<TlsConnector>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let stream = UnixStream::connect(socket).await?;
        match tls {
            None => Self::talk(stream).await,
            Some(tls) => Self::talk(tls.connect(ServerName::try_from(tls::NAME)?, stream).await?).await,
        }
    }

    async fn talk(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to the plugin failed");
            }
        });
        Ok(Self(sender))
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = Lost;
    type Future = BoxFuture<Self::Response, Lost>;

    /// Whether there still is a connection shows in the call, where it can be told that the request did not leave.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut sender = self.0.clone();
        Box::pin(async move {
            sender.ready().await.map_err(|error| Lost { sent: false, reason: error.to_string() })?;
            sender.try_send_request(request).await.map_err(|mut error| {
                let sent = error.take_message().is_none();
                Lost { sent, reason: error.into_error().to_string() }
            })
        })
    }
}
