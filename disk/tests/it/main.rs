//! What the crate promises, through its public face.
#![cfg(test)]

/// Several writers at once, and files that appear at the last moment.
mod concurrency;
/// Links and other things that are not what they should be, on the real file system.
mod confinement;
/// Every operation failing, and dying, in turn.
mod faults;
/// Each operation of a folder, and each error, on the real file system.
mod folder;
/// The journal.
mod journal;
/// Processes that are really killed.
mod kill;
/// Random sequences of operations against a model.
mod model;
/// Fixtures.
mod support;
