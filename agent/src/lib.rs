//! The local target: processes of every revision on this machine, and a proxy that spreads requests over them.
//!
//! The [`daemon`] holds the lock of a state directory and hosts the rollouts of its services: the [`supervisor`] keeps their
//! processes, the [`proxy`] their traffic, and clients speak to it over a socket.

pub mod daemon;
mod handover;
mod local;
mod logs;
pub mod proxy;
mod server;
pub mod supervisor;
