//! The journal: what `docs/journal.md` promises.

/// Files that were cut, changed, or written by another release.
mod damage;
/// Every operation failing, and dying, in turn.
mod faults;
/// Threads that share an fsync.
mod group;
/// Processes that are really killed.
mod kill;
/// A journal beside a list, with crashes between and within the calls.
mod model;
/// Each call and each error, on the real file system.
mod operations;
