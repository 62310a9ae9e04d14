//! Both ends of the protocol against each other, in real processes.
#![cfg(test)]

/// Every field that we declare is the one that a Go provider declares.
mod descriptor;
/// What a provider says through the protocol is what it says in this process.
mod ends;
/// When a provider's process ends, and what it leaves behind.
mod lifecycle;
/// Programs that are no plugins, or none that can be hosted.
mod refused;
/// Finding programs, waiting, values.
mod support;
/// Who is let in.
mod trust;

#[path = "../../examples/double/provider.rs"]
mod double;
