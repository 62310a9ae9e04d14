//! The proxy on real sockets: upstreams in this process, clients of both protocols, and raw bytes where it matters.

mod counting;
mod draining;
mod handover;
mod http;
mod limits;
mod rig;
mod routing;
mod streaming;
