//! The services that every plugin has beside its own: ending it, its output, further connections, its health.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use framework::Stop;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::generated::grpc_health_v1::health_check_response::ServingStatus;
use crate::generated::grpc_health_v1::health_server::Health;
use crate::generated::grpc_health_v1::{HealthCheckRequest, HealthCheckResponse};
use crate::generated::plugin::grpc_broker_server::GrpcBroker;
use crate::generated::plugin::grpc_controller_server::GrpcController;
use crate::generated::plugin::grpc_stdio_server::GrpcStdio;
use crate::generated::plugin::{ConnInfo, Empty, StdioData};

/// The name under which hosts ask for the health of a plugin.
const HEALTH_SERVICE: &str = "plugin";

/// What these services share.
#[derive(Debug)]
pub(super) struct Plugin {
    ending: Stop,
}

impl Plugin {
    /// `ending` is requested when a host ends the plugin.
    pub(super) fn new(ending: Stop) -> Self {
        Self { ending }
    }

    /// A stream of nothing until the process is to end, which keeps hold of `held` as long.
    fn silence<T>(&self, held: impl Send + 'static) -> Silence<T> {
        let ending = self.ending.requested();
        let end = Box::pin(async move {
            ending.await;
            drop(held);
        });
        Silence { end, of: PhantomData }
    }
}

#[tonic::async_trait]
impl GrpcController for Plugin {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.ending.request();
        Ok(Response::new(Empty {}))
    }
}

/// Nothing is ever sent: this process writes its logs to its standard error itself, and hosts read that.
#[tonic::async_trait]
impl GrpcStdio for Plugin {
    type StreamStdioStream = Silence<StdioData>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(self.silence(())))
    }
}

/// No further connections are ever asked for.
#[tonic::async_trait]
impl GrpcBroker for Plugin {
    type StartStreamStream = Silence<ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(self.silence(request.into_inner())))
    }
}

#[tonic::async_trait]
impl Health for Plugin {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | HEALTH_SERVICE => Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() })),
            _ => Err(Status::not_found("no such service")),
        }
    }
}

/// A stream that gives nothing and ends once.
pub(super) struct Silence<T> {
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
    of: PhantomData<fn() -> T>,
}

impl<T> Stream for Silence<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.end.as_mut().poll(cx).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test]
    async fn streams_last_until_the_host_ends_the_plugin() {
        let plugin = Plugin::new(Stop::new());
        let mut output = plugin.stream_stdio(Request::new(())).await.unwrap().into_inner();
        let early = tokio::time::timeout(std::time::Duration::from_millis(20), output.next()).await;
        assert!(early.is_err());
        plugin.shutdown(Request::new(Empty {})).await.unwrap();
        assert!(output.next().await.is_none());
    }

    #[tokio::test]
    async fn the_plugin_is_healthy_and_nothing_else_is_known() {
        let plugin = Plugin::new(Stop::new());
        let check = |service: &str| plugin.check(Request::new(HealthCheckRequest { service: service.to_owned() }));
        assert_eq!(check(HEALTH_SERVICE).await.unwrap().into_inner().status(), ServingStatus::Serving);
        assert_eq!(check("another").await.unwrap_err().code(), tonic::Code::NotFound);
    }
}
