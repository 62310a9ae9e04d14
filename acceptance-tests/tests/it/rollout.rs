//! Rollouts by the real terraform, with the real agent, real processes and real traffic. What belongs where:
//!
//! - `fixture`: a service whose versions misbehave as they are told, and its configuration.
//! - `disk`: a disk that is full.
//! - `lifecycle`: first version, new versions that win, changes in place, drift, import and destroy.
//! - `failing`: versions that are taken back, blocked and tried again.
//! - `midway`: other applies, other versions and other machines while a rollout runs.
//! - `leaving`: terraform ends before the rollout does: interrupts, timeouts, kills, pipes.
//! - `kills`: provider and agent killed anywhere.
//! - `traffic`: what users see of all this under load.
//! - `wrong`: bad input, each at the earliest possible time.
//! - `steering`: the command, beside terraform.

mod disk;
mod failing;
mod fixture;
mod kills;
mod leaving;
mod lifecycle;
mod midway;
mod steering;
mod traffic;
mod wrong;
