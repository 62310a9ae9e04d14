//! Terraform's plugin protocol 6, both ends.
//!
//! [`server`] serves a [`framework::Provider`] to Terraform and OpenTofu, [`client`] is the host of a plugin and makes it a
//! [`framework::Provider`]. Between them: [`codec`] for values, [`handshake`] for finding each other, `tls` for trusting
//! each other, `convert` for everything else that travels.
//!
//! Both ends talk over unix sockets, so this is for Unix systems.

mod catalogue;
pub mod client;
pub mod codec;
mod convert;
mod generated;
pub mod handshake;
pub mod reattach;
pub mod server;
mod tls;

/// No message is larger, in bytes; hosts of Terraform allow the same.
const MAX_MESSAGE: usize = 256 << 20;
/// How much of a message may be under way before the other end has taken it, in bytes.
const WINDOW: u32 = 1 << 20;

#[cfg(test)]
#[path = "../examples/double/provider.rs"]
mod double;
