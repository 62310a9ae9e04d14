//! The parts of the agent through their public face: real sockets, real processes, real kills.
#![cfg(test)]

mod daemon;
mod proxy;
mod supervisor;
