//! The local target: processes of every revision on this machine, and a proxy that spreads requests over them.

pub mod proxy;
pub mod supervisor;
