//! The machine against a simulated target.

mod laws;
mod record;
mod script;
mod world;
