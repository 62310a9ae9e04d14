//! The messages and services of the protocol, written by `cargo xtask generate` from `proto/*.proto`.

#[rustfmt::skip]
pub(crate) mod grpc_health_v1;
#[rustfmt::skip]
pub(crate) mod plugin;
#[rustfmt::skip]
pub(crate) mod tfplugin6;
