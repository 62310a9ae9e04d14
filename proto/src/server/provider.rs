//! The calls of Terraform's own service: each runs on a thread of its own and ends in an answer, whatever happens in it.

use std::any::Any;
use std::sync::Arc;

use framework::{Diagnostics, Fault};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use super::gauge::Gauge;
use super::session::{Session, fault_diagnostic};
use super::{apply, configure, data, plan, schema, state, stop, validate};
use crate::convert::to_wire;
use crate::generated::tfplugin6::provider_server::Provider;
use crate::generated::tfplugin6::{
    self as wire, apply_resource_change, configure_provider, get_provider_schema, import_resource_state,
    move_resource_state, plan_resource_change, read_data_source, read_resource, stop_provider, upgrade_resource_state,
    validate_data_resource_config, validate_provider_config, validate_resource_config,
};

/// Answers calls.
pub(super) struct Calls {
    session: Arc<Session>,
    running: Gauge,
}

impl Calls {
    /// The calls that run are counted in `running`.
    pub(super) fn new(session: Session, running: Gauge) -> Self {
        Self { session: Arc::new(session), running }
    }

    /// Runs a call to its end, also when the host goes away and drops this future. It runs on the pool for blocking calls,
    /// for providers read and write files: a slow disk must not keep the connection from being served.
    async fn run<Q, A: Answer, F>(
        &self,
        rpc: &'static str,
        request: Request<Q>,
        handle: impl FnOnce(Arc<Session>, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, Diagnostics>> + Send + 'static,
    {
        let call = handle(Arc::clone(&self.session), request.into_inner());
        let running = self.running.enter();
        let task = async move {
            let start = Instant::now();
            let answer = call.await;
            tracing::debug!(milliseconds = start.elapsed().as_millis(), "answered");
            drop(running);
            answer
        };
        let task = task.instrument(tracing::debug_span!("call", rpc));
        let runtime = Handle::current();
        let answer = match tokio::task::spawn_blocking(move || runtime.block_on(task)).await {
            Ok(answer) => answer,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => Err(fault_diagnostic(rpc, &Fault::Panicked(text(payload.as_ref()).to_owned())).into()),
                Err(_) => return Err(Status::unavailable("the provider is ending")),
            },
        };
        Ok(Response::new(answer.unwrap_or_else(|diagnostics| A::failed(&diagnostics))))
    }
}

/// What a panic says.
fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// An answer, which can be nothing but diagnostics.
trait Answer: Default + Send + 'static {
    fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic>;

    fn failed(diagnostics: &Diagnostics) -> Self {
        let mut answer = Self::default();
        *answer.diagnostics() = to_wire::diagnostics(diagnostics);
        answer
    }
}

macro_rules! answers {
    ($($rpc:ident),* $(,)?) => {$(
        impl Answer for $rpc::Response {
            fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }
        }
    )*};
}
answers!(
    apply_resource_change,
    configure_provider,
    get_provider_schema,
    import_resource_state,
    move_resource_state,
    plan_resource_change,
    read_data_source,
    read_resource,
    upgrade_resource_state,
    validate_data_resource_config,
    validate_provider_config,
    validate_resource_config,
);

macro_rules! calls {
    ($($method:ident, $rpc:literal, $messages:ident => $handler:path;)*) => {
        #[tonic::async_trait]
        impl Provider for Calls {
            $(async fn $method(
                &self,
                request: Request<$messages::Request>,
            ) -> Result<Response<$messages::Response>, Status> {
                self.run($rpc, request, $handler).await
            })*

            async fn stop_provider(
                &self,
                _: Request<stop_provider::Request>,
            ) -> Result<Response<stop_provider::Response>, Status> {
                Ok(Response::new(stop::stop(&self.session)))
            }
        }
    };
}
calls! {
    get_provider_schema, "GetProviderSchema", get_provider_schema => schema::get;
    validate_provider_config, "ValidateProviderConfig", validate_provider_config => validate::provider;
    validate_resource_config, "ValidateResourceConfig", validate_resource_config => validate::resource;
    validate_data_resource_config, "ValidateDataResourceConfig", validate_data_resource_config => validate::data_source;
    configure_provider, "ConfigureProvider", configure_provider => configure::configure;
    upgrade_resource_state, "UpgradeResourceState", upgrade_resource_state => state::upgrade;
    read_resource, "ReadResource", read_resource => state::read;
    import_resource_state, "ImportResourceState", import_resource_state => state::import;
    move_resource_state, "MoveResourceState", move_resource_state => state::move_state;
    plan_resource_change, "PlanResourceChange", plan_resource_change => plan::plan;
    apply_resource_change, "ApplyResourceChange", apply_resource_change => apply::apply;
    read_data_source, "ReadDataSource", read_data_source => data::read;
}

#[cfg(test)]
mod tests;
