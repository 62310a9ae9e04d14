//! The gRPC server: every service of a plugin on one socket, from the first connection to the last call.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use framework::Provider;
use http::{Request, Response};
use tokio::net::UnixListener;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::server::NamedService;
use tonic::{Status, transport};
use tower_service::Service;

use super::ServeError;
use super::incoming::incoming;
use super::lifecycle::{DRAIN, Lifecycle};
use super::plugin::Plugin;
use super::provider::Calls;
use super::session::Session;
use crate::generated::grpc_health_v1::health_server::HealthServer;
use crate::generated::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::generated::plugin::grpc_controller_server::GrpcControllerServer;
use crate::generated::plugin::grpc_stdio_server::GrpcStdioServer;
use crate::generated::tfplugin6::provider_server::ProviderServer;
use crate::{MAX_MESSAGE, WINDOW};

/// How long the host may take to close its connections after it was told to.
const GOODBYE: Duration = Duration::from_secs(1);

/// Serves until the process is to end, and for as long after that as running calls need.
pub(super) async fn serve(
    provider: Arc<dyn Provider>,
    listener: UnixListener,
    tls: Option<TlsAcceptor>,
    mut lifecycle: Lifecycle,
) -> Result<(), ServeError> {
    let services = Services::new(Arc::clone(&provider), &lifecycle);
    let connections = incoming(listener, tls, lifecycle.connections.clone());
    let ending = lifecycle.ending.requested();
    let server = transport::Server::builder()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .serve_with_incoming_shutdown(services, connections, ending);
    let mut server = tokio::spawn(server);

    let reason = lifecycle.end().await;
    tracing::info!(reason, "ending");
    // Whoever wanted it to stop has said so before.
    provider.lose();
    lifecycle.ending.request();
    if time::timeout(DRAIN, lifecycle.calls.empty()).await.is_err() {
        tracing::error!("some calls did not stop in time and are abandoned");
    }
    match time::timeout(GOODBYE, &mut server).await {
        Ok(Ok(result)) => Ok(result?),
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}

/// Hands each request to the service that its path names.
#[derive(Clone)]
struct Services {
    provider: ProviderServer<Calls>,
    controller: GrpcControllerServer<Plugin>,
    stdio: GrpcStdioServer<Plugin>,
    broker: GrpcBrokerServer<Plugin>,
    health: HealthServer<Plugin>,
}

impl Services {
    fn new(provider: Arc<dyn Provider>, lifecycle: &Lifecycle) -> Self {
        let calls = Calls::new(Session::new(provider), lifecycle.calls.clone());
        let plugin = Arc::new(Plugin::new(lifecycle.ending.clone()));
        Self {
            provider: ProviderServer::new(calls)
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
            controller: GrpcControllerServer::from_arc(Arc::clone(&plugin)),
            stdio: GrpcStdioServer::from_arc(Arc::clone(&plugin)),
            broker: GrpcBrokerServer::from_arc(Arc::clone(&plugin)),
            health: HealthServer::from_arc(plugin),
        }
    }
}

/// The name of the service in a path such as `/tfplugin6.Provider/StopProvider`.
fn service_name(path: &str) -> &str {
    path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(service, _)| service)
}

impl Service<Request<Body>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match service_name(request.uri().path()) {
            ProviderServer::<Calls>::NAME => self.provider.call(request),
            GrpcControllerServer::<Plugin>::NAME => self.controller.call(request),
            GrpcStdioServer::<Plugin>::NAME => self.stdio.call(request),
            GrpcBrokerServer::<Plugin>::NAME => self.broker.call(request),
            HealthServer::<Plugin>::NAME => self.health.call(request),
            _ => Box::pin(async { Ok(Status::unimplemented("no such service").into_http()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;

    #[tokio::test]
    async fn what_is_not_offered_is_unimplemented() {
        let lifecycle = Lifecycle::debug().unwrap();
        let mut services = Services::new(Arc::new(Double::default()), &lifecycle);
        for path in
            ["/tfplugin6.Provider/GetFunctions", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "*"]
        {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = services.call(request).await.unwrap();
            assert_eq!(response.headers()["grpc-status"], "12", "{path}");
        }
    }
}
