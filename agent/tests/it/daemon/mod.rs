//! The agent as a process of its own, with real clients, replicas and traffic.

mod deploying;
mod handover;
mod killing;
mod load;
mod refusing;
mod rig;
mod socket;
mod starting;
