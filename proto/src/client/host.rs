//! What all calls to a plugin share: the connection, its schemas, and how failures become faults.

use std::sync::Arc;

use framework::provider::{Fault, Schemas, Subject};
use framework::{Type, Value};
use http::Uri;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use super::connection::{Connection, Lost};
use super::{output, schema};
use crate::MAX_MESSAGE;
use crate::catalogue::Catalogue;
use crate::codec;
use crate::generated::plugin::Empty;
use crate::generated::plugin::grpc_controller_client::GrpcControllerClient;
use crate::generated::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::generated::tfplugin6::provider_client::ProviderClient;
use crate::generated::tfplugin6::{ClientCapabilities, DynamicValue};

/// What this host can do beyond the first minor version of the protocol.
pub(super) const CAPABILITIES: ClientCapabilities =
    ClientCapabilities { deferral_allowed: false, write_only_attributes_allowed: true };

/// The calling end of a connection.
pub(super) struct Host {
    connection: Connection,
    catalogue: Catalogue,
    moves: bool,
    /// Whether the plugin has a schema for metadata of modules, and wants some then.
    wants_meta: bool,
    runtime: Handle,
    /// Reads the plugin's output, and would keep the connection open if it were not ended with the host.
    _following: JoinSet<()>,
}

impl Host {
    /// Asks the plugin what it offers.
    pub(super) async fn new(connection: Connection) -> Result<Self, Fault> {
        let offered = schema::get(&mut provider(&connection)).await?;
        let mut following = JoinSet::new();
        following.spawn(output::follow(GrpcStdioClient::with_origin(connection.clone(), origin())));
        Ok(Self {
            connection,
            catalogue: Catalogue::new(Arc::new(offered.schemas)),
            moves: offered.moves,
            wants_meta: offered.wants_meta,
            runtime: Handle::current(),
            _following: following,
        })
    }

    pub(super) fn client(&self) -> ProviderClient<Connection> {
        provider(&self.connection)
    }

    pub(super) fn schemas(&self) -> Arc<Schemas> {
        Arc::clone(&self.catalogue.schemas)
    }

    pub(super) fn moves(&self) -> bool {
        self.moves
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// What is sent as metadata of the module: this host has no modules, so there is none.
    pub(super) fn meta(&self) -> Option<DynamicValue> {
        const NULL: &[u8] = &[0xc0];
        self.wants_meta.then(|| DynamicValue { msgpack: NULL.into(), ..DynamicValue::default() })
    }

    /// The type of the values of a resource, data source or the provider.
    pub(super) fn ty(&self, subject: &Subject) -> Result<&Type, Fault> {
        self.catalogue.ty(subject).ok_or_else(|| {
            Fault::Unsupported(match subject {
                Subject::Provider => "a configuration".to_owned(),
                Subject::Resource(name) => format!("the resource type `{name}`"),
                Subject::DataSource(name) => format!("the data source `{name}`"),
            })
        })
    }

    /// Tells the plugin to end. Whether it does shows in its process.
    pub(super) async fn end(&self) {
        let mut controller = GrpcControllerClient::with_origin(self.connection.clone(), origin());
        if let Err(error) = controller.shutdown(Empty {}).await {
            tracing::debug!(%error, "the plugin did not hear that it shall end");
        }
    }
}

fn provider(connection: &Connection) -> ProviderClient<Connection> {
    ProviderClient::with_origin(connection.clone(), origin())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
}

/// What stands for the plugin in the addresses of HTTP.
fn origin() -> Uri {
    Uri::from_static("http://localhost")
}

/// The answer to the call `rpc`.
pub(super) fn answer<T>(rpc: &str, answer: Result<Response<T>, Status>) -> Result<T, Fault> {
    answer.map(Response::into_inner).map_err(|status| fault(rpc, &status))
}

fn fault(rpc: &str, status: &Status) -> Fault {
    let lost = std::error::Error::source(status).and_then(|source| source.downcast_ref::<Lost>());
    match (lost, status.code()) {
        (Some(lost), _) => Fault::Transport { sent: lost.sent, reason: format!("{rpc}: {lost}") },
        (None, Code::Unimplemented) => Fault::Unsupported(rpc.to_owned()),
        (None, _) => Fault::Transport { sent: true, reason: format!("{rpc}: {}", status.message()) },
    }
}

/// Writes a value of a request.
pub(super) fn write(field: &str, value: &Value, ty: &Type) -> Result<Option<DynamicValue>, Fault> {
    codec::to_wire(value, ty).map(Some).map_err(|error| Fault::Transport {
        sent: false,
        reason: format!("the value `{field}` does not match the plugin's schema: {error}"),
    })
}

/// Reads a value of an answer.
pub(super) fn read(field: &str, value: Option<&DynamicValue>, ty: &Type) -> Result<Value, Fault> {
    codec::from_wire(value, ty).map_err(|error| Fault::Transport {
        sent: true,
        reason: format!("the plugin answered a value `{field}` that does not match its schema: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_does_not_have_is_told_apart_from_what_failed() {
        let unknown = fault("MoveResourceState", &Status::unimplemented(""));
        assert_eq!(unknown, Fault::Unsupported("MoveResourceState".into()));
        let failed = fault("ReadResource", &Status::resource_exhausted("too large"));
        assert_eq!(failed, Fault::Transport { sent: true, reason: "ReadResource: too large".into() });
    }
}
